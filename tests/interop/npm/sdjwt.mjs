// @sd-jwt: issue, present, verify. The library takes its cryptography from the caller: node's, here.
import crypto from 'node:crypto';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';

const hasher = (data, algorithm) => {
  const bytes = typeof data === 'string' ? data : Buffer.from(data);
  return new Uint8Array(crypto.createHash(algorithm.replace('-', '')).update(bytes).digest());
};

const signer = (jwk) => (data) => {
  const key = { key: crypto.createPrivateKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  return crypto.sign('sha256', Buffer.from(data), key).toString('base64url');
};

const verifier = (jwk) => (data, signature) => {
  const key = { key: crypto.createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
  return crypto.verify('sha256', Buffer.from(data), key, Buffer.from(signature, 'base64url'));
};

const common = { hasher, hashAlg: 'sha-256', saltGenerator: () => crypto.randomBytes(16).toString('base64url') };

/** A private JWK gives both. */
const pair = (jwk) => ({ signer: signer(jwk), verifier: verifier({ ...jwk, d: undefined }), signAlg: 'ES256' });

export async function issue({ claims, frame, signerKey, x5c }) {
  const instance = new SDJwtVcInstance({ ...common, ...pair(signerKey) });
  return { sdJwt: await instance.issue(claims, frame, { header: x5c && { x5c } }) };
}

export async function present({ sdJwt, frame, holderKey, audience, nonce }) {
  const instance = new SDJwtVcInstance({ ...common, kbSigner: signer(holderKey), kbSignAlg: 'ES256' });
  const payload = { aud: audience, nonce, iat: Math.floor(Date.now() / 1000) };
  return { presentation: await instance.present(sdJwt, frame, { kb: { payload } }) };
}

/** The library compares the nonce, and leaves the audience to its caller. */
export async function verify({ sdJwt, issuerKey, audience, nonce }) {
  const kbVerifier = (data, signature, payload) => verifier(payload.cnf.jwk)(data, signature);
  const instance = new SDJwtVcInstance({ ...common, verifier: verifier(issuerKey), kbVerifier });
  const { payload, kb } = await instance.verify(sdJwt, nonce === undefined ? {} : { keyBindingNonce: nonce });
  if (audience !== undefined && kb?.payload?.aud !== audience) throw new Error('another audience');
  return { claims: payload };
}
