"""`offhook serve` as a process, and AWS's own clients for it. Deadlines only end a hang."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

PATIENCE_SECONDS = 60
REGION = "us-east-1"
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/offhook"


def environment(**more: str) -> dict[str, str]:
    """Nothing of the machine's AWS settings: no credentials, no files, no proxies."""
    kept = {key: text for key, text in os.environ.items() if not key.upper().startswith(("AWS_", "HTTP", "OFFHOOK"))}
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "NO_PROXY": "*"}
    return {**kept, **nowhere, **more}


class Server:
    """Serves the project in a folder, until `stop`. `variables` are of its environment."""

    def __init__(self, folder: Path, *words: str, **variables: str) -> None:
        self.folder = folder
        self._log = (folder / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "offhook", "serve", "--port", "0", "--json", *words],
            cwd=folder, env=environment(**variables), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._log,
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log
        self.ready = json.loads(line)
        self.url = self.ready["url"]

    @property
    def log(self) -> str:
        return (self.folder / "serve.log").read_text()

    def client(self, service: str, **config: Any) -> Any:
        """boto3's own client, trying each call once."""
        settings = {"retries": {"total_max_attempts": 1}, "max_pool_connections": 50, **config}
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
            config=Config(**settings),
        )  # fmt: skip

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def package(files: dict[str, str]) -> bytes:
    """A zip of these files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return made.getvalue()


def until(path: Path) -> None:
    """Returns once there is such a file."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.005)
