"""python3 harness.py FOLDER: runs the vectors in FOLDER against `verify`."""

import json
import pathlib
import sys


def verify(test):
    """Calls your library. Returns if it accepts test["response"], and raises if it rejects it.

    A registration has rp, challenge, user_verification, algorithms and attestation; an authentication has rp, challenge,
    user_verification, credential and allow_credentials. Byte strings are base64url.
    """
    raise NotImplementedError(f"call your library for a case of the kind {test['kind']}")


def main(folder):
    passed = failed = 0
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        for test in json.loads(path.read_text(encoding="utf-8"))["cases"]:
            try:
                verify(test)
                got = "accept"
            except Exception as error:  # a library may raise anything
                got = f"reject: {error}"
            if got.startswith(test["expect"]["result"]):
                passed += 1
            else:
                failed += 1
                expected = f"{test['expect']['result']} {test['expect'].get('reason', '')}"
                print(f"FAILED {test['id']}\n  expected {expected}\n  got      {got}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
