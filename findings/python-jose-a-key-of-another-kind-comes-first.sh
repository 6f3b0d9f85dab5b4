#!/usr/bin/env bash
# python-jose 3.5.0, authlib 1.9.10, joserfc 1.8.0, PyJWT 2.15.1, jwcrypto 1.6.1, cryptography 50.0.2 (PyPI),
# Python 3.11.
#
# Behaviour: an issuer of tokens publishes its keys as a set (JWKS), and each token names its key by `kid`.
# While an issuer goes from one kind of key to another, and where it has a key for encryption too, the set holds
# several kinds. python-jose does not look at `kid`: it takes the keys in their order, and where one of another
# kind stands before the right one, it stops with JWKError. That is no JWTError, as its documentation has for
# tokens that are refused, so a service that catches that one answers 500. With the keys the other way round all
# is well. authlib's older module refuses a whole set that holds one key of a kind that it does not know,
# wherever that stands, and joserfc one with a curve that it does not know: RFC 7517 (section 5) asks to pass
# over such keys.
# Expected: the key is found by its `kid`, as PyJWT and jwcrypto do.
# Way out: find the key by `kid` in the set by oneself, and give that one alone.
#
# Seen: the lines below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  python-jose==3.5.0 authlib==1.9.10 joserfc==1.8.0 PyJWT==2.15.1 jwcrypto==1.6.1 cryptography==50.0.2
cat >try.py <<'PYTHON'
import json
import warnings

import joserfc.jwk
import joserfc.jwt
import jose.jwt
import jwcrypto.jwk
import jwcrypto.jwt
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

warnings.simplefilter("ignore")
from authlib.jose import JsonWebKey, JsonWebToken  # noqa: E402

key = ec.generate_private_key(ec.SECP256R1())
right = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "new", "use": "sig"}
older = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
OTHERS = {
    "an RSA key": RSAAlgorithm.to_jwk(older, as_dict=True) | {"kid": "old", "use": "sig"},
    "a key of the kind AKP": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "next", "use": "sig"},
    "a key on the curve BP-256": {"kty": "EC", "crv": "BP-256", "x": "AAAA", "y": "AAAA", "kid": "next"},
}
token = jwt.encode({"sub": "ali"}, key, algorithm="ES256", headers={"kid": "new"})
LIBRARIES = {
    "python-jose": lambda keys: jose.jwt.decode(token, keys, algorithms=["ES256"]),
    "authlib": lambda keys: JsonWebToken(["ES256"]).decode(token, JsonWebKey.import_key_set(keys)),
    "joserfc": lambda keys: joserfc.jwt.decode(
        token, joserfc.jwk.KeySet.import_key_set(keys), algorithms=["ES256"]
    ),
    "PyJWT": lambda keys: jwt.decode(token, jwt.PyJWKSet.from_dict(keys)["new"], algorithms=["ES256"]),
    "jwcrypto": lambda keys: jwcrypto.jwt.JWT(
        jwt=token, key=jwcrypto.jwk.JWKSet.from_json(json.dumps(keys)), algs=["ES256"]
    ),
}


def ask(library, keys):
    try:
        library({"keys": keys})
    except Exception as error:
        return type(error).__name__
    return "welcome"


for name, other in OTHERS.items():
    for where, keys in (("behind the right one", [right, other]), ("before the right one", [other, right])):
        print(name, where)
        print("  ", ", ".join(f"{library}: {ask(call, keys)}" for library, call in LIBRARIES.items()))
print("JWKError is a JWTError:", issubclass(jose.exceptions.JWKError, jose.exceptions.JWTError))
PYTHON
venv/bin/python try.py | tee seen
cat >expected <<'EXPECTED'
an RSA key behind the right one
   python-jose: welcome, authlib: welcome, joserfc: welcome, PyJWT: welcome, jwcrypto: welcome
an RSA key before the right one
   python-jose: JWKError, authlib: welcome, joserfc: welcome, PyJWT: welcome, jwcrypto: welcome
a key of the kind AKP behind the right one
   python-jose: welcome, authlib: KeyError, joserfc: welcome, PyJWT: welcome, jwcrypto: welcome
a key of the kind AKP before the right one
   python-jose: JWKError, authlib: KeyError, joserfc: welcome, PyJWT: welcome, jwcrypto: welcome
a key on the curve BP-256 behind the right one
   python-jose: welcome, authlib: welcome, joserfc: KeyError, PyJWT: welcome, jwcrypto: welcome
a key on the curve BP-256 before the right one
   python-jose: KeyError, authlib: welcome, joserfc: KeyError, PyJWT: welcome, jwcrypto: welcome
JWKError is a JWTError: False
EXPECTED
diff expected seen
echo "as described"
