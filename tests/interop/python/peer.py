"""One JSON object a line in, one a line out. What each command takes and gives is in README.md."""

import json
import sys
from pathlib import Path

from jwcrypto.jwk import JWK
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.utils.demo_utils import load_yaml_settings
from sd_jwt.utils.yaml_specification import load_yaml_specification
from sd_jwt.verifier import SDJWTVerifier


def key(jwk):
    return JWK(**jwk)


def present(command):
    holder = SDJWTHolder(command["sdJwt"])
    holder.create_presentation(
        command["disclose"], command.get("nonce"), command.get("audience"), key(command["holderKey"])
    )
    return {"presentation": holder.sd_jwt_presentation}


def verify(command):
    verifier = SDJWTVerifier(
        command["sdJwt"], lambda issuer, header: key(command["issuerKey"]), command.get("audience"), command.get("nonce")
    )
    return {"claims": verifier.get_verified_payload()}


def generate(command):
    """Issues and presents the example of a specification file, as its authors do for their documents."""
    folder, name = Path(command["folder"]), command["settings"]
    settings = load_yaml_settings(folder / name)
    keys = settings["key_settings"]
    # The two drafts spell the keys of their issuer differently.
    issuers = keys.setdefault("issuer_keys", [keys.get("issuer_key")])
    issuer, holder = key(issuers[0]), key(keys["holder_key"])
    case = load_yaml_specification(folder / command["specification"])
    claims = {"iss": settings["identifiers"]["issuer"], "iat": settings["iat"], "exp": settings["exp"]}
    claims.update(case["user_claims"])
    bound = case.get("key_binding", False)
    issued = SDJWTIssuer(
        claims,
        issuer,
        holder if bound else None,
        add_decoy_claims=case.get("add_decoy_claims", False),
        extra_header_parameters=case.get("extra_header_parameters", {}),
    )
    nonce, audience = (settings["key_binding_nonce"], settings["identifiers"]["verifier"]) if bound else (None, None)
    at_holder = SDJWTHolder(issued.sd_jwt_issuance)
    at_holder.create_presentation(case["holder_disclosed_claims"], nonce, audience, holder if bound else None)
    whole = SDJWTVerifier(issued.sd_jwt_issuance, lambda *_: issuer)
    verifier = SDJWTVerifier(at_holder.sd_jwt_presentation, lambda *_: issuer, audience, nonce)
    return {
        "issuance": issued.sd_jwt_issuance,
        "presentation": at_holder.sd_jwt_presentation,
        "claims": whole.get_verified_payload(),
        "presented": verifier.get_verified_payload(),
        "audience": audience,
        "nonce": nonce,
    }


COMMANDS = {"generate": generate, "present": present, "verify": verify}


def answer(line):
    try:
        command = json.loads(line)
        return {"ok": True, **COMMANDS[command["command"]](command)}
    except Exception as error:  # Whatever the library throws is its verdict.
        return {"ok": False, "error": f"{type(error).__name__}: {error}"}


for line in sys.stdin:
    print(json.dumps(answer(line)), flush=True)
