"""The naive loop, as a process: `requests.get` and `upload_blob`, nothing else.

Reads its order as JSON from standard input and writes the seconds that it took. `warm_up` and `files` are addresses by
blob name; `threads` is how many loops share the work.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from azure.storage.blob import ContainerClient

_SECONDS = 60


def main() -> None:
    """Archive everything and say how long it took, from the first request to the last answer."""
    order = json.load(sys.stdin)
    with ContainerClient.from_connection_string(order["connection_string"], order["container"]) as container:

        def archive(name: str, url: str) -> None:
            answer = requests.get(url, timeout=_SECONDS)
            answer.raise_for_status()
            container.upload_blob(name, answer.content)

        for name, url in order["warm_up"].items():
            archive(name, url)
        began = time.perf_counter()
        if order["threads"] == 1:
            # In the main thread, as one would write it.
            for name, url in order["files"].items():
                archive(name, url)
        else:
            with ThreadPoolExecutor(order["threads"]) as pool:
                for done in [pool.submit(archive, name, url) for name, url in order["files"].items()]:
                    done.result()
        json.dump({"seconds": time.perf_counter() - began}, sys.stdout)


if __name__ == "__main__":
    main()
