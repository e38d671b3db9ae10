"""What machine.yaml must fulfil beyond its shape: paths that lead somewhere, settings that go together."""

from __future__ import annotations

from collections.abc import Iterator

from config.address_check import address_holds
from config.machine import ExternalBroker, Keep, Machine
from config.messages import Problem
from config.phrases import IS_A_FILE, no_file, no_folder, unreadable_host
from config.recording_check import disk_problems
from config.says import says


def machine_problems(machine: Machine) -> Iterator[Problem]:
    """What is not acceptable in a Machine: paths that lead nowhere, settings that contradict each other."""
    if machine.data.exists() and not machine.data.is_dir():
        yield Problem(("data",), IS_A_FILE)
    if machine.rules is not None and not machine.rules.is_dir():
        yield Problem(("rules",), no_folder(machine.rules))
    if machine.payloads is not None and not machine.payloads.is_dir():
        yield Problem(("payloads",), no_folder(machine.payloads))
    if isinstance(machine.broker, ExternalBroker):
        yield from _external_broker(machine.broker)
    elif machine.broker.program is not None and not machine.broker.program.is_file():
        yield Problem(("broker", "program"), no_file(machine.broker.program))
    yield from _keep(machine.keep)
    yield from disk_problems(machine)
    if machine.database.url is None:
        return
    url = machine.database.url.reveal()
    if not url.startswith(("postgresql+psycopg://", "sqlite://")):
        yield Problem(
            ("database", "url"),
            says(
                "is no address we know; write postgresql+psycopg://user:password@host/name",
                "不是可用的地址；请写成 postgresql+psycopg://user:password@host/name",
            ),
        )
    elif "durability" in machine.database.model_fields_set and url.startswith("postgresql"):
        yield Problem(
            ("database", "durability"),
            says(
                "is for SQLite and has no use beside this url; leave it out",
                "只用于 SQLite，与这个 url 同写没有用；请删去",
            ),
        )


def _keep(keep: Keep) -> Iterator[Problem]:
    """The coarser must outlive the finer it is made of, or there would be a hole between them."""
    for coarser, finer in (("minutes_days", "readings_days"), ("hours_days", "minutes_days")):
        least = getattr(keep, finer)
        if getattr(keep, coarser) < least:
            words = says(
                "is less than keep.{finer}; write {least} or more",
                "小于 keep.{finer}；请写 {least} 或更大",
                finer=finer,
                least=least,
            )
            yield Problem(("keep", coarser), words)


def _external_broker(broker: ExternalBroker) -> Iterator[Problem]:
    if not address_holds(broker.url):
        yield Problem(("broker", "url"), unreadable_host("mqtt://host:port"))
    if broker.ca_file is not None and broker.url.startswith("mqtt:"):
        yield Problem(
            ("broker", "ca_file"),
            says(
                "has no use without TLS; write mqtts:// in url, or leave it out",
                "不用 TLS 时没有用；请在 url 里写 mqtts://，或删去",
            ),
        )
    elif broker.ca_file is not None and not broker.ca_file.is_file():
        yield Problem(("broker", "ca_file"), no_file(broker.ca_file))
    if broker.password is not None and broker.username is None:
        yield Problem(
            ("broker", "username"), says("missing; a password needs one", "缺少；有密码就要有用户名"), absent=True
        )
