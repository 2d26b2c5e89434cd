"""What several asks found, in one piece: a sequence of `Match` for whoever wants one, tensors for whoever works on all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, overload

from iterprime_xai.models.matcher import Match

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Matches(Sequence[Match]):
    """A sequence of `Match` whose numbers lie together where the model is, so that nobody waits for one before the last is asked.

    ``logit`` and ``probability`` are (asks,); ``attention`` and ``gradient`` map each layer to float32 (asks, heads, tokens, rows,
    columns), zero behind the ``lengths`` of shorter texts. One taken out is a copy, which holds on to no other.
    """

    logit: torch.Tensor
    probability: torch.Tensor
    lengths: tuple[int, ...]
    attention: dict[int, torch.Tensor]
    gradient: dict[int, torch.Tensor]
    scored: bool = True

    @staticmethod
    def of(found: Sequence[Match]) -> Matches:
        """What a matcher found, one by one or together."""
        if isinstance(found, Matches):
            return found
        import torch

        first = found[0]

        def together(each: list[torch.Tensor]) -> torch.Tensor:
            if len(each) == 1:
                return each[0][None]
            most = max(maps.shape[1] for maps in each)
            laid = each[0].new_zeros(len(each), each[0].shape[0], most, *each[0].shape[2:])
            for place, maps in enumerate(each):
                laid[place, :, : maps.shape[1]] = maps
            return laid

        return Matches(
            logit=torch.tensor([each.logit for each in found], dtype=torch.float64),
            probability=torch.tensor([each.probability for each in found], dtype=torch.float64),
            lengths=tuple(next((maps.shape[1] for maps in each.attention.values()), 0) for each in found),
            attention={layer: together([each.attention[layer] for each in found]) for layer in first.attention},
            gradient={layer: together([each.gradient[layer] for each in found]) for layer in first.gradient},
            scored=first.scored,
        )

    @cached_property
    def numbers(self) -> list[tuple[float, float]]:
        """Logit and probability of every ask; waits for the model."""
        return list(zip(self.logit.tolist(), self.probability.tolist(), strict=True))

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, place: int) -> Match: ...
    @overload
    def __getitem__(self, place: slice) -> list[Match]: ...
    def __getitem__(self, place: int | slice) -> Match | list[Match]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        logit, probability = self.numbers[place]
        length = self.lengths[place]
        return Match(
            logit,
            probability,
            {layer: maps[place, :, :length].clone() for layer, maps in self.attention.items()},
            {layer: maps[place, :, :length].clone() for layer, maps in self.gradient.items()},
            self.scored,
        )
