"""People who talk in pairs, for Locust. See "A thousand users, with other tools" in README.md.

Each says something about once per second on a websocket and waits for the `ack`, and now
and then reads a page over HTTP. `WS` in the report is the time from the frame to its ack.
"""

import csv
import itertools
import json
import os
import time
import uuid
from pathlib import Path

import websocket  # websocket-client
from locust import HttpUser, between, task

with Path(os.environ.get("USERS", "users.csv")).open() as file:
    USERS = itertools.cycle(list(csv.DictReader(file)))


class Person(HttpUser):
    wait_time = between(0.5, 1.5)

    def on_start(self):
        who = next(USERS)
        self.client.headers["Authorization"] = f"Bearer {who['token']}"
        self.messages = f"/api/conversations/{who['conversation']}/messages/"
        self.socket = websocket.create_connection(
            f"{self.host.replace('http', 'ws', 1)}/ws/chat/{who['conversation']}/",
            header=[f"Authorization: Bearer {who['token']}"],
            timeout=30,
        )

    def on_stop(self):
        self.socket.close()

    @task(10)
    def say(self):
        key = uuid.uuid4().hex
        frame = {"type": "chat_message", "message": "hello", "client_id": key}
        began, error = time.perf_counter(), None
        try:
            self.socket.send(json.dumps(frame))
            self.wait_for(key)
        except Exception as failure:
            error = failure
        self.environment.events.request.fire(
            request_type="WS",
            name="message to ack",
            response_time=(time.perf_counter() - began) * 1000,
            response_length=0,
            exception=error,
        )

    def wait_for(self, key):
        """Wait for the ack of this message. Messages of others may come before it."""
        while True:
            frame = json.loads(self.socket.recv())
            if frame["type"] == "error":
                raise RuntimeError(frame["detail"])
            if frame["type"] == "ack" and frame.get("client_id") == key:
                return

    @task(1)
    def read(self):
        self.client.get(self.messages, params={"limit": 50}, name="page of messages")
