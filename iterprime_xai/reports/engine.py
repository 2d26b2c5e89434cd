"""Executes notebooks for reports: papermill's engine with a kernel that is this very Python, whatever is registered."""

from __future__ import annotations

import os
import site
import sys
import tempfile
from pathlib import Path
from typing import Any

import papermill.engines
import zmq
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

NAME = "iterprime_xai"
"""The engine's name among papermill's engines."""
KERNEL = "python3"

_LONGEST_SOCKET_PATH = 90
"""Bytes; systems allow 103 to 107, and the kernel's five sockets add a suffix."""


class ThisPython(KernelSpecManager):
    """Answers every question for a kernel with the Python that runs now, not with what is registered as `python3`."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


class ReportKernel(AsyncKernelManager):
    """A kernel that keeps its connection in a folder of its own.

    Where the platform has them it talks over sockets in that folder: runs side by side then never race for a TCP port.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._folder = tempfile.TemporaryDirectory(prefix="ix-", ignore_cleanup_errors=True)
        self.connection_file = os.path.join(self._folder.name, "k.json")
        if os.name == "posix" and zmq.has("ipc") and len(os.fsencode(self.connection_file)) <= _LONGEST_SOCKET_PATH:
            self.transport = "ipc"

    @default("kernel_spec_manager")
    def _this_python(self) -> KernelSpecManager:
        return ThisPython(parent=self)

    async def start_kernel(self, **options: Any) -> Any:  # type: ignore[override]
        return await super().start_kernel(**{**options, "env": environment(options.get("env"))})

    async def cleanup_resources(self, restart: bool = False) -> None:  # type: ignore[override]
        await super().cleanup_resources(restart=restart)
        if not restart:
            self._folder.cleanup()


def environment(start: dict[str, str] | None = None) -> dict[str, str]:
    """Environment variables for the kernel: it finds the package that is running now, draws no bars, and yields its cores.

    A bar that is saved in a notebook stands at 0 % for ever. Threads of torch that hold a core while they wait for one another
    bring two kernels on two cores to a standstill: a lesson took over 200 s beside another one, and 15 s where they yield.
    """
    variables = dict(os.environ if start is None else start)
    variables.setdefault("TQDM_DISABLE", "1")
    variables.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    root = str(Path(__file__).resolve().parents[2])
    places = [*site.getsitepackages(), site.getusersitepackages()]
    if root not in {str(Path(place).resolve()) for place in places}:
        known = [variables["PYTHONPATH"]] if variables.get("PYTHONPATH") else []
        variables["PYTHONPATH"] = os.pathsep.join([*known, root])
    return variables


class ReportEngine(papermill.engines.NBClientEngine):
    """papermill's own engine with our kernel, without widget state, and with what ran handed out after any failure."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, keep: dict[str, Any], **options: Any) -> Any:
        """``keep["notebook"]`` is the notebook as it runs; a kernel that did not come up is tried once more."""
        keep["notebook"] = nb_man.nb
        # A graceful end interrupts the kernel first, which then complains of it on the user's terminal.
        options |= {"kernel_manager_class": ReportKernel, "store_widget_state": False, "shutdown_kernel": "immediate"}
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        except (RuntimeError, zmq.ZMQError):
            if any(cell.get("execution_count") or cell.get("outputs") for cell in nb_man.nb.cells):
                raise
            return super().execute_managed_notebook(nb_man, kernel_name, **options)


def execute(
    notebook: Any,
    parameters: dict[str, Any],
    *,
    progress: bool,
    cell_timeout: int | None,
    keep: dict[str, Any],
    to_the_end: bool = False,
) -> Any:
    """Run a loaded notebook from top to bottom in the caller's folder and return it executed; nothing is written.

    ``keep["notebook"]`` is the notebook as far as it ran, also after an exception. With ``to_the_end`` the cells after one that
    failed run too; the first failure is raised then.
    """
    papermill.engines.papermill_engines.register(NAME, ReportEngine)
    return papermill.execute_notebook(
        notebook,
        None,
        parameters,
        engine_name=NAME,
        kernel_name=KERNEL,
        request_save_on_cell_execute=False,
        progress_bar=progress and {"desc": "report", "file": sys.stderr, "leave": False},
        execution_timeout=cell_timeout,
        allow_errors=to_the_end,
        keep=keep,
    )
