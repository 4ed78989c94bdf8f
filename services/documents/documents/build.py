"""Building a document: values -> rendered, checked, digested, sealed. No PDF is kept."""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog
from contracts.values import DocumentFailure

from documents.credentials import login_of, new_password, seal_values
from documents.credentials_page import render
from documents.credentials_page.render import BadDocument, CredentialsValues, Unprintable
from documents.orders import Built, Order

T = TypeVar("T")
log = structlog.get_logger()
AT_ONCE = 50
Values = TypeVar("Values")


def page_pool() -> Executor:
    """Two processes for slow pages. They end with the service, also when it is killed."""
    return _PagePool()


class _PagePool(Executor):
    """The standard library's pool is broken for good once a process of it was killed: made anew.

    Made at the first page: a start that fails ends at once, and would leave its semaphores behind.
    """

    def __init__(self) -> None:
        self._processes: ProcessPoolExecutor | None = None

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        if self._processes is None:
            self._processes = _processes()
        try:
            return self._processes.submit(fn, *args, **kwargs)
        except BrokenExecutor:
            log.warning("page_pool_broken")
            self._processes = _processes()
            return self._processes.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if self._processes is not None:
            self._processes.shutdown(wait, cancel_futures=cancel_futures)


def _processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        2, multiprocessing.get_context("spawn"), initializer=_end_with_parent
    )


def _end_with_parent() -> None:
    """The standard library's workers outlive a killed parent, and wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@dataclass(frozen=True, slots=True)
class Workshop:
    """What building needs: the key-encryption key, the portal's address, a pool for slow pages.

    `template_version`: what new documents are built with; a stored one is rendered with its own.
    """

    master_key: bytes
    portal_url: str
    executor: Executor
    template_version: str

    async def build(self, orders: Sequence[Order]) -> list[Built | DocumentFailure]:
        """Each order's document, or why it could not be built; one never spoils another."""
        results: list[Built | DocumentFailure | None] = []
        for place, order in enumerate(orders):
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)  # whoever waits for an answer by HTTP gets a turn
            results.append(self._quickly(order))
        drawn = (self._drawn(o) for o, r in zip(orders, results, strict=True) if r is None)
        pages = iter(await asyncio.gather(*drawn))
        return [result or next(pages) for result in results]

    def _quickly(self, order: Order) -> Built | DocumentFailure | None:
        """None for a page that must be drawn."""
        if order.full_name is None:
            return DocumentFailure.child_unknown
        try:
            values = self._values(order, order.full_name)
            pdf = render.render_compiled(self.template_version, values)
            return None if pdf is None else self._finished(order, values, pdf)
        except Exception as error:  # noqa: BLE001  whatever it is, the family's document is retried
            return _failure(error, order)

    async def _drawn(self, order: Order) -> Built | DocumentFailure:
        try:
            values = self._values(order, order.full_name or "")
            pdf = await self._draw(self.template_version, values)
            return self._finished(order, values, pdf)
        except Exception as error:  # noqa: BLE001  as above
            return _failure(error, order)

    def _finished(self, order: Order, values: CredentialsValues, pdf: bytes) -> Built:
        """Checked, digested, sealed. Raises BadDocument."""
        version = self.template_version
        render.check(version, pdf, values)
        sealed_values, sealed_key = seal_values(self.master_key, order.document_id, values)
        return Built(version, sealed_values, sealed_key, render.digest(version, pdf))

    def _values(self, order: Order, full_name: str) -> CredentialsValues:
        return CredentialsValues(
            number=order.number,
            full_name=full_name,
            login=login_of(order.number),
            password=new_password(),
            portal_url=self.portal_url,
            valid_from=order.valid_from,
            valid_until=order.valid_until,
            issued_on=order.issued_on,
        )

    async def pdf(self, template_version: str, values: CredentialsValues) -> bytes:
        """The compiled path is quicker than a hand-over; a slow page goes to the pool."""
        quick = render.render_compiled(template_version, values)
        return await self._draw(template_version, values) if quick is None else quick

    async def drawn(self, draw: Callable[[Values], bytes], values: Values) -> bytes:
        """A document of no digest, drawn in the pool. Raises what `draw` raises."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, draw, values)

    async def _draw(self, template_version: str, values: CredentialsValues) -> bytes:
        loop = asyncio.get_running_loop()
        work = partial(render.render, template_version, values)
        try:
            return await loop.run_in_executor(self.executor, work)
        except BrokenExecutor:  # its process was killed meanwhile: once more, in a new one
            return await loop.run_in_executor(self.executor, work)


def _failure(error: Exception, order: Order) -> DocumentFailure:
    """What is said of it; the log gets a class or a field's name, never a value."""
    if isinstance(error, Unprintable):
        return DocumentFailure.name_not_printable
    if isinstance(error, BadDocument):
        log.error("document_check_failed", reason=str(error), document_id=order.document_id)
        return DocumentFailure.check_failed
    log.error("rendering_failed", error=type(error).__name__, document_id=order.document_id)
    return DocumentFailure.rendering_failed
