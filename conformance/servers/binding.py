"""FIDO's transport binding for server tests in Python.

A library brings the four functions; the rest is what every application adds: accounts, a session per ceremony that is
used once, and unique credential IDs.
"""

import json
import re
import secrets
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCOUNTS = {}  # username → account
OWNERS = {}  # credential ID → account
SESSIONS = {}  # cookie → (kind, account, state)
PORT = int(sys.argv[1])
ORIGIN = f"http://localhost:{PORT}"
RP_ID = "localhost"


class Account:
    def __init__(self, name, display_name):
        self.id, self.name, self.display_name = secrets.token_bytes(16), name, display_name
        self.credentials = {}  # credential ID → what the library stores


def attestation_options(library, request):
    name = request["username"]
    account = ACCOUNTS.get(name) or Account(name, request.get("displayName") or name)
    options, state = library.creation_options(account, request)
    return options, ("attestation", account, state)


def attestation_result(library, response, account, state):
    identifier, credential = library.create(response, state, account)
    if identifier in OWNERS:
        raise ValueError("credential-exists: the ID is registered already")
    ACCOUNTS[account.name] = OWNERS[identifier] = account
    account.credentials[identifier] = credential


def assertion_options(library, request):
    account = ACCOUNTS.get(request["username"]) if "username" in request else None
    if "username" in request and account is None:
        raise ValueError("credential-not-allowed: the user has no credential")
    options, state = library.request_options(account, request)
    return options, ("assertion", account, state)


def assertion_result(library, response, account, state):
    identifier = response.get("id")
    owner = account or OWNERS.get(identifier)
    if owner is None or identifier not in owner.credentials:
        raise ValueError("credential-not-allowed: the account has no such credential")
    owner.credentials[identifier] = library.get(response, state, owner.credentials[identifier], owner)


class Handler(BaseHTTPRequestHandler):
    library = None
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        cookie = None
        try:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path in ("/attestation/options", "/assertion/options"):
                start = attestation_options if self.path.startswith("/attestation") else assertion_options
                answer, session = start(self.implementation, body)
                cookie = secrets.token_hex(16)
                SESSIONS[cookie] = session
            else:
                found = re.search("session=([^;]+)", self.headers.get("cookie", ""))
                session = SESSIONS.pop(found[1], None) if found else None
                if session is None or not self.path.startswith(f"/{session[0]}/"):
                    raise ValueError("challenge-mismatch: no ceremony")
                finish = attestation_result if session[0] == "attestation" else assertion_result
                finish(self.implementation, body, *session[1:])
                answer = {}
            status, answer = 200, {"status": "ok", "errorMessage": "", **answer}
        except Exception as error:  # a library may raise anything
            message = str(error) or type(error).__name__
            status, answer = 400, {"status": "failed", "errorMessage": message}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if cookie:
            self.send_header("set-cookie", f"session={cookie}; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(library):
    Handler.implementation = library
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    print(f"listening on {PORT}", flush=True)
    server.serve_forever()
