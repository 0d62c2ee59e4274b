"""The axis of the ways in: what a target is to everybody who handles one, and how it becomes a manifest.

Each form in which a server can be named is a file in `forms/` and a row of the table in
:mod:`mcp_threat_model.target`. It says here what reading it takes (a program started, an address reached, this
machine's own files), and nobody else asks which form it is.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits
from mcp_threat_scoring.facts.runs import EVERYWHERE, Runs
from mcp_threat_scoring.neutralise import SafeText, as_kept
from mcp_threat_scoring.structs import Struct, field, replace

if TYPE_CHECKING:
    from mcp_threat_model.guard.sandbox import SandboxMode
    from mcp_threat_scoring.manifest import Manifest

Say = Callable[[str], None]
"""Receives one line of progress of one target."""
File = tuple[str, str | int]
"""What a file is to the one who reads it, and its path or descriptor."""


class ReadOptions(Struct, frozen=True):
    """How targets may be read. The defaults start nothing and reach no private address."""

    sandbox: SandboxMode = "auto"
    allow_network: bool = False
    """Whether a program that is started may use the network."""
    allow_private_network: bool = False
    """Whether addresses of this machine and of its own networks may be reached."""
    headers: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = DEFAULT_LIMITS


class Command(Struct, frozen=True):
    """A program and its arguments, as consent is asked for them."""

    argv: tuple[str, ...]
    folder: str = ""
    """Where the files it names are looked for, before the working directory."""

    @property
    def shown(self) -> str:
        """As it would be typed into a shell, without what may be a secret in it."""
        from mcp_threat_model.guard.command_line import redact_argv

        return shlex.join(redact_argv(self.argv))


class Source(Protocol):
    """Reads one target."""

    async def read(self) -> Manifest:
        """Collect what can be seen of the target, within its bounds.

        Raises:
            TargetError: nothing of the target could be read; it says what happened and what to do.
        """
        ...


class Target(Struct, frozen=True):
    """One server, named in one of the forms.

    Nothing here touches a file, the network or a process but :meth:`way` and :meth:`meanings`, which look into files.

    What raises ``NotImplementedError`` here and below is for each form to say; a test holds every form to it, because
    a msgspec struct cannot be an abstract class.
    """

    on_this_machine: ClassVar[bool] = False
    """Whether it names a file or a setting of this machine: nobody on another one may ask for it."""
    takes_stdin: ClassVar[bool] = False
    """Whether it is what comes on standard input: once, and not where that is a protocol's stream."""
    reached: ClassVar[bool] = False
    """Whether it is reached over the network, so that headers are sent to it."""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The target that the text names; None where the text is not of this form.

        Raises:
            UsageError: it is of this form, and incomplete or wrong.
        """
        raise NotImplementedError

    @property
    def label(self) -> str:
        """The target as it may be shown, without secrets. Where there are none, it parses back to the target."""
        raise NotImplementedError

    @property
    def whole(self) -> str:
        """The target in one spelling, its secrets included: to tell targets apart, never to be shown or kept."""
        return self.label

    def meanings(self) -> frozenset[str]:
        """What it names, its secrets included, with paths and projects looked up from where it is read.

        Two targets of one form are one server where they have a meaning in common. It may look into files.
        """
        return frozenset({self.whole})

    @property
    def safe(self) -> SafeText:
        """The label as it stands in a report."""
        return as_kept(self.label)

    @property
    def own_name(self) -> str | None:
        """What a client's configuration calls the server, where the target says so."""
        return None

    @property
    def configured_in(self) -> str:
        """The id of the client of whose configuration it is; nothing for what is no part of one."""
        return ""

    @property
    def command(self) -> Command | None:
        """The program that reading it starts, for which somebody has to consent first."""
        return None

    def files(self) -> Iterable[File]:
        """The files that it reads, which must not be written over."""
        return ()

    def beside(self, folder: str) -> Target:  # noqa: ARG002  (it names no file)
        """The same target, whose relative paths are looked for in that folder before the working directory."""
        return self

    def way(self) -> Way:
        """What is read in the end. It may look into files.

        Raises:
            TargetError: what the target stands for cannot be found.
        """
        raise NotImplementedError


class Readable(Target, frozen=True):
    """A target that stands for nothing else: it is read as it is."""

    def source(self, options: ReadOptions, say: Say) -> Source:
        """What reads it. What that needs is imported here, so that nobody pays for the other ways in.

        Raises:
            TargetError: nothing can read it.
        """
        raise NotImplementedError

    def way(self) -> Way:
        """Itself, with nothing added."""
        return Way(self)


class Saved(Readable, frozen=True):
    """A description that was kept: it is read without an event loop, which takes longer to start than to read it."""

    @property
    def file(self) -> str | None:
        """The file that is read, in which findings have a line, where there is one."""
        raise NotImplementedError

    def load(self, options: ReadOptions) -> Manifest:
        """Read it, waiting for it.

        Raises:
            TargetError: it could not be read, or describes no server.
        """
        raise NotImplementedError


class Way(Struct, frozen=True):
    """What is read in the end of a target, and what is given to it on the way."""

    target: Readable
    env: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without the values, which may be secrets."""
        return f"{type(self).__name__}({self.target.label}, given {[*self.env, *self.headers]})"

    @property
    def runs(self) -> Runs:
        """Where the client, of whose configuration it is, runs it."""
        return EVERYWHERE

    def options(self, options: ReadOptions) -> ReadOptions:
        """The caller's options with what the way adds; the caller's own values win."""
        env, headers = {**self.env, **options.env}, {**self.headers, **options.headers}
        return replace(options, env=env, headers=headers)

    def marked(self, manifest: Manifest) -> Manifest:
        """The manifest that was read, with what the way alone knows."""
        return manifest
