"""An upload into the archive: staged in blocks, visible by one commit. A small recording is one call."""

import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobClient, ContentSettings

from capture.errors import Transient
from capture.model.ledger import Copy, LedgerEntry
from capture.storage.failures import code_of, failures, status_of

_AT_ONCE = 2
"""Blocks on their way while the next one fills: so an upload holds about three blocks in memory."""

type Describe = Callable[[Copy, LedgerEntry, str | None], dict[str, str]]


class BlobUpload:
    """Bytes on their way into one blob. For one thread; nothing is visible before `commit`."""

    def __init__(self, blob: BlobClient, setting: str, block_bytes: int, describe: Describe) -> None:
        """Take the blob, the setting that names its account, the size of a block, and what writes the metadata."""
        self._blob = blob
        self._setting = setting
        self._block_bytes = block_bytes
        self._describe = describe
        self._id = uuid.uuid4().hex
        self._pieces: list[bytes] = []
        self._filled = 0
        self._blocks: list[BlobBlock] = []
        self._under_way: deque[Future[None]] = deque()
        self._pool: ThreadPoolExecutor | None = None

    def write(self, chunk: bytes) -> None:
        """Stage the next bytes; waits while two blocks are under way. A failed block shows here or at `commit`."""
        room = self._block_bytes - self._filled
        while len(chunk) > room:
            # Only now is it known that one call will not do, so a recording of exactly one block is still one call.
            self._keep(chunk[:room])
            chunk = chunk[room:]
            self._stage()
            room = self._block_bytes
        self._keep(chunk)

    def commit(self, copy: Copy, entry: LedgerEntry, file_name: str | None) -> bool:
        """Make all bytes visible with their metadata in one step, if nothing is there; else False."""
        # The upload's own id tells a repeated commit whose answer was lost from somebody else's.
        metadata = self._describe(copy, entry, file_name) | {"upload_id": self._id}
        content = ContentSettings(content_type=copy.media_type)
        with failures(self._setting, "commit to the archive"):
            try:
                if not self._blocks:
                    whole = self._take()
                    if (won := self._won(lambda: self._put_whole(whole, metadata, content))) is not None:
                        return won
                    # Blocks that a broken try left behind may stand in the way of a whole blob, never of a block list.
                    self._keep(whole)
                if self._filled:
                    self._stage()
                won = self._won(lambda: self._commit_blocks(metadata, content))
            finally:
                self.abort()
        if won is None:
            raise Transient("the archive has dropped the staged blocks")
        return won

    def abort(self) -> None:
        """Give the staged bytes up; never raises. The store drops blocks that nobody commits within a week."""
        self._pieces, self._filled = [], 0
        self._under_way.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._pieces.append(piece)
            self._filled += len(piece)

    def _take(self) -> bytes:
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._filled = [], 0
        return data

    def _stage(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="block")
        if len(self._under_way) == _AT_ONCE:
            self._under_way.popleft().result()
        # All block ids of one blob must have the same length.
        block = BlobBlock(f"{self._id}-{len(self._blocks):06d}")
        self._blocks.append(block)
        self._under_way.append(self._pool.submit(self._put_block, block.id, self._take()))

    def _put_block(self, block_id: str, data: bytes) -> None:
        with failures(self._setting, "stage a block"):
            # The store keeps a checksum of a whole blob, but none of a block: this one makes it refuse a mangled block.
            self._blob.stage_block(block_id, data, length=len(data), validate_content=True)

    def _put_whole(self, data: bytes, metadata: dict[str, str], content: ContentSettings) -> None:
        self._blob.upload_blob(data, overwrite=False, metadata=metadata, content_settings=content)

    def _commit_blocks(self, metadata: dict[str, str], content: ContentSettings) -> None:
        while self._under_way:
            self._under_way.popleft().result()
        self._blob.commit_block_list(
            self._blocks, metadata=metadata, content_settings=content, match_condition=MatchConditions.IfMissing
        )

    def _won(self, commit: Callable[[], None]) -> bool | None:
        """Tell whether this upload, or another one, is the blob after a commit; None when there is no blob."""
        try:
            commit()
        except HttpResponseError as error:
            # 409 or 412: something is there. InvalidBlockList: another commit under this name has dropped our blocks.
            if status_of(error) not in (409, 412) and code_of(error) != "InvalidBlockList":
                raise
        else:
            return True
        try:
            there = self._blob.get_blob_properties()
        except ResourceNotFoundError:
            return None
        return there.metadata.get("upload_id") == self._id
