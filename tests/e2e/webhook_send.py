#!/usr/bin/env python3
"""Sends webhooks to a loopback port, as GitHub, Linear, Sentry, Vercel and others sign them.

usage: webhook_send.py storm PORT SECRET N BRANCH... [--seed S] [--log FILE]
       webhook_send.py one PORT SOURCE SECRET BODY [HEADER=VALUE]...

storm sends N deliveries in a shuffled order, some of them twice, with forgeries between them,
each until it is accepted (a door that is shut is knocked at again, as senders do); FILE gets a
line "ID BRANCH" for each that is genuine.  one prints the status and the answer.
"""

import base64
import hashlib
import hmac
import http.client
import json
import random
import sys
import time


def post(port, path, body, headers):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        conn.request("POST", path, body=body, headers=headers)
        reply = conn.getresponse()
        return reply.status, reply.read().decode()
    finally:
        conn.close()


def github(secret, event, body):
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-GitHub-Event": event, "X-GitHub-Delivery": "header",
            "X-Hub-Signature-256": "sha256=" + digest}


def generic(secret, name, body, at=None):
    at = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"{name}.{at}.".encode() + body, hashlib.sha256)
    return {"webhook-id": name, "webhook-timestamp": at,
            "webhook-signature": "v1," + base64.b64encode(digest.digest()).decode()}


def theirs(source, secret, event, body):
    """Headers of Linear, Sentry and Vercel, each as its documentation has them."""
    name, event_name, way = {
        "linear": ("Linear-Signature", "Linear-Event", hashlib.sha256),
        "sentry": ("Sentry-Hook-Signature", "Sentry-Hook-Resource", hashlib.sha256),
        "vercel": ("x-vercel-signature", "x-event", hashlib.sha1)}[source]
    return {name: hmac.new(secret.encode(), body, way).hexdigest(), event_name: event}


def storm(port, secret, n, branches, dice, log):
    """(what became of it, seconds) for each request."""
    work = []
    for i in range(n):
        branch = dice.choice(branches)
        name = f"storm-{i}"
        body = json.dumps({"kind": "ci", "branch": branch, "text": f"red {i}"}).encode()
        work.append((name, branch, body, True))
        if dice.random() < 0.2:
            work.append((name, branch, body, True))
        if dice.random() < 0.1:
            work.append((f"forged-{i}", branch, body, False))
    dice.shuffle(work)
    sent, refused = 0, 0
    for name, branch, body, is_genuine in work:
        key = secret if is_genuine else "not " + secret
        while True:
            try:
                status, _ = post(port, "/generic", body, generic(key, name, body))
            except OSError:
                time.sleep(0.05)
                continue
            if status == 503:
                continue
            break
        if status != (202 if is_genuine else 401):
            sys.exit(f"{name}: status {status}")
        sent += is_genuine
        refused += not is_genuine
        if is_genuine and log:
            print(name, branch, file=log, flush=True)
    return sent, refused


def main(argv):
    if argv[:1] == ["one"]:
        port, source, secret, body = int(argv[1]), argv[2], argv[3], argv[4].encode()
        more = dict(word.split("=", 1) for word in argv[5:])
        headers = (github(secret, more.pop("event", "ping"), body) if source == "github"
                   else theirs(source, secret, more.pop("event", "ping"), body)
                   if source in ("linear", "sentry", "vercel")
                   else generic(secret, more.pop("id", "one"), body, more.pop("at", None)))
        headers.update(more)
        print(*post(port, "/" + source, body, headers))
        return
    if argv[:1] != ["storm"]:
        sys.exit(__doc__)
    argv, seed, log = list(argv[1:]), "1", None
    if "--seed" in argv:
        at = argv.index("--seed")
        seed = argv[at + 1]
        del argv[at:at + 2]
    if "--log" in argv:
        at = argv.index("--log")
        log = open(argv[at + 1], "a", encoding="utf-8")
        del argv[at:at + 2]
    began = time.monotonic()
    sent, refused = storm(int(argv[0]), argv[1], int(argv[2]), argv[3:],
                          random.Random(seed), log)
    spent = time.monotonic() - began
    print(f"{sent} accepted, {refused} forgeries refused, {(sent + refused) / spent:.0f} a second")


main(sys.argv[1:])
