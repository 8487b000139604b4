"""Build hook: a wheel holds the release build of the library and is bound to its platform, not to a Python."""

import os
import pathlib
import sys
import sysconfig

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAMES = {"darwin": "libcpwl.dylib", "win32": "cpwl.dll"}


class LibraryHook(BuildHookInterface):
    """Adds the shared library to the wheel."""

    def initialize(self, version: str, build_data: dict) -> None:
        """Called by hatchling before it collects files; `version` is "standard" or "editable"."""
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        if version == "editable":  # the package finds the library in the source tree
            return
        name = NAMES.get(sys.platform, "libcpwl.so")
        built = pathlib.Path(self.root).parents[1] / "target" / "release" / name
        library = pathlib.Path(os.environ.get("CPWL_LIBRARY", built))
        if not library.is_file():
            raise SystemExit(f"{library} is missing: run `make build` in the root of the source tree first")
        build_data["force_include"][str(library)] = f"cpwl/{name}"
