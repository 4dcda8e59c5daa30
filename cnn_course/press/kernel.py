"""A kernel that is always the interpreter that runs the press.

A kernelspec named `python3` may point anywhere: to a broken environment, to another Python. So none
is looked up.
"""

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import Float, default


class _OwnKernelSpec(KernelSpecManager):
    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return how to start `sys.executable`, whatever `kernel_name` says."""
        # Some versions warn at every start that local sockets are not encrypted.
        return KernelSpec(**get_kernel_dict(extra_arguments=["--log-level=ERROR"]))


class OwnKernelManager(AsyncKernelManager):
    """Starts kernels with `sys.executable`."""

    # About one kernel in fifteen hangs in its own exit, when all that it computed has been read.
    # It may try for half of this time, then it is ended.
    shutdown_wait_time = Float(1.0)

    @default("kernel_spec_manager")
    def _kernel_spec_manager_default(self) -> KernelSpecManager:
        return _OwnKernelSpec(parent=self)
