"""A contestant in Python: what src/contestant.rs is in Rust. A library brings three functions."""

import json
import platform
import sys
from base64 import urlsafe_b64decode
from time import perf_counter_ns

WARM_UP = 3


def decode(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


INPUTS = json.load(open(sys.argv[1]))
RP_ID, ORIGIN = INPUTS["rp_id"], INPUTS["origin"]
ANCHOR = decode(INPUTS["anchor"])


def measured(one):
    return (one["authentication"] or one["registration"])["json"]


def prepared(library, one):
    """The function that verifies a response, and the function that makes its state."""
    challenge = decode(one["registration"]["challenge"])
    if not one["authentication"]:
        return library.finish_registration, lambda: library.start_registration(challenge)
    state = library.start_registration(challenge)
    credential = library.finish_registration(one["registration"]["json"], state)
    challenge = decode(one["authentication"]["challenge"])
    return library.finish_authentication, lambda: library.start_authentication(challenge, credential)


def verdict(library, one, response):
    try:
        finish, start = prepared(library, one)
        finish(response, start())
        return "accepted"
    except Exception as error:  # a library may raise anything
        return f"rejected {type(error).__name__} {error}".replace("\n", " ")


def measure(library, one, rounds):
    finish, start = prepared(library, one)
    response, times = measured(one), []
    for _ in range(rounds + WARM_UP):
        state = start()
        began = perf_counter_ns()
        finish(response, state)
        times.append(perf_counter_ns() - began)
    return " ".join(map(str, times[WARM_UP:]))


def run(library):
    print(f"Python {platform.python_version()}", flush=True)
    for line in sys.stdin:
        request, name, *number = line.split()
        one = next(one for one in INPUTS["ceremonies"] if one["name"] == name)
        if request == "accept":
            answer = verdict(library, one, measured(one))
        elif request == "reject":
            answer = verdict(library, one, one["wrong"][int(number[0])]["json"])
        else:
            answer = measure(library, one, int(number[0]))
        print(answer, flush=True)
