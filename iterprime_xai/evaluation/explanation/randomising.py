"""Weights replaced by random ones for a while, layer by layer, and put back bit by bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from zlib import crc32

from iterprime_xai.records.errors import LayerError

if TYPE_CHECKING:
    from torch import Tensor, nn


def from_the_top(model: nn.Module, *stacks: str) -> tuple[str, ...]:
    """Names of the layers of a model from the top down: the members of each stack (an ``nn.ModuleList`` or ``nn.Sequential``), last
    first, one stack after the other.

    Raises:
        LayerError: a name that is no such stack; the message lists those of the model.
    """
    from torch import nn

    known = {name: part for name, part in model.named_modules() if isinstance(part, nn.ModuleList | nn.Sequential)}
    for stack in stacks:
        if stack not in known:
            raise LayerError(f"{stack!r} is no stack of layers of this model; it has {_listed(stack, known)}.")
    return tuple(
        f"{stack}.{name}" if stack else name
        for stack in stacks
        for name, _ in reversed(list(known[stack].named_children()))
    )


@contextmanager
def randomised(model: nn.Module, groups: Sequence[str], *, seed: int = 0) -> Iterator[None]:
    """Replace the parameters of some parts of a model by random ones, and put every bit back afterwards, also after an exception.

    Each tensor is drawn from a normal distribution of its own mean and standard deviation, so that activations keep their scale; a
    tensor of equal values, like a fresh bias of zeros, stays what it is. What is drawn depends on the seed and the tensor's name,
    not on the other groups. Parameters that several parts share are random in all of them. The buffers of the whole model are put
    back too, should a pass in the block have moved them.

    Args:
        model: any torch model, on any device.
        groups: names of modules or parameters, like "text_encoder.encoder.layer.3".
        seed: of the weights, drawn on the CPU: every device has the same.

    Raises:
        LayerError: a name under which the model has no parameters.
    """
    with cascading(model, groups, seed=seed) as levels:
        for _ in levels:
            pass
        yield


@contextmanager
def cascading(model: nn.Module, groups: Sequence[str], *, seed: int = 0) -> Iterator[Iterator[str]]:
    """Randomise parts of a model one after the other, each on top of those before (Adebayo et al. 2018).

    Gives an iterator in the order of ``groups``, from the top layer down: when a name comes out of it, that part and all before it
    are random. Where the block is left, by its end, a ``break`` or an exception, every bit is put back. See :func:`randomised`.
    """
    import torch

    parameters = _grouped(model, groups)
    buffers = [(buffer, buffer.clone()) for _, buffer in model.named_buffers()]
    kept: list[tuple[Any, Tensor]] = []

    def levels() -> Iterator[str]:
        done: set[int] = set()
        for group in groups:
            for name, parameter in parameters[group]:
                if id(parameter) not in done:
                    done.add(id(parameter))
                    drawn = _drawn(parameter.data, crc32(name.encode()) + seed)
                    kept.append((parameter, parameter.data))
                    parameter.data = drawn
            yield group

    try:
        yield levels()
    finally:
        for parameter, before in kept:
            parameter.data = before
        with torch.no_grad():
            for buffer, before in buffers:
                # Compared as bytes, so that a NaN equals itself and what did not move is not written to.
                if not torch.equal(_bits(buffer), _bits(before)):
                    buffer.copy_(before)


def _grouped(model: nn.Module, groups: Sequence[str]) -> dict[str, list[tuple[str, Any]]]:
    """The floating parameters of each group by name, a shared one under each of its names."""
    from torch import nn

    if isinstance(groups, str) or not groups:
        raise LayerError(f"groups must be a sequence of at least one name, but got {groups!r}.")
    if not isinstance(model, nn.Module):
        raise LayerError(f"Weights are those of a torch.nn.Module, but got {type(model).__name__}; give matcher.model.")
    named = [(name, each) for name, each in model.named_parameters(remove_duplicate=False) if each.is_floating_point()]
    first: dict[int, str] = {}
    for name, each in named:
        first.setdefault(id(each), name)
    found = {}
    for group in groups:
        members = [(first[id(each)], each) for name, each in named if name == group or name.startswith(f"{group}.")]
        if not members:
            modules = [name for name, _ in model.named_modules() if name]
            raise LayerError(f"The model has no parameters under {group!r}; it has {_listed(group, modules)}.")
        found[group] = members
    return found


def _drawn(values: Tensor, seed: int) -> Tensor:
    """Normal values of the mean and standard deviation of a tensor, in its type and on its device."""
    import torch

    spread, mean = torch.std_mean(values.detach().to("cpu", torch.float64), correction=0)
    if not bool(spread > 0):
        return values.clone()
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(values.shape, generator=generator, dtype=torch.float64)
    return (drawn * spread + mean).to(values.dtype).to(values.device)  # not every device has doubles


def _bits(values: Tensor) -> Tensor:
    import torch

    return values.detach().contiguous().reshape(-1).view(torch.uint8)


def _listed(wanted: str, known: Any) -> str:
    """The nearest names, or the first few where none is near."""
    names = [name for name in known if name]
    near = get_close_matches(str(wanted), names, n=3)
    if near:
        return "among others " + ", ".join(map(repr, near))
    return (", ".join(map(repr, names[:8])) + (", ..." if len(names) > 8 else "")) or "none"
