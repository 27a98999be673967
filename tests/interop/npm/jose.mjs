// A JWS library as judge of the history's export (spec/history.md), and as maker of one. The canonical form is written anew from RFC 8785:
// names sorted by UTF-16 code units, everything else as JSON.stringify has it.
import { EmbeddedJWK, FlattenedSign, calculateJwkThumbprint, exportJWK, flattenedVerify, generateKeyPair } from 'jose';

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join(',')}}`;
}

export async function verify({ file }) {
  const { history, protected: header, signature } = JSON.parse(file);
  const payload = Buffer.from(canonical(history)).toString('base64url');
  const { protectedHeader } = await flattenedVerify({ protected: header, payload, signature }, EmbeddedJWK, { algorithms: ['ES256'] });
  if (protectedHeader.typ !== 'rid-history+jws') throw new Error(`typ: ${protectedHeader.typ}`);
  return { entries: history.entries, key: await calculateJwkThumbprint(protectedHeader.jwk) };
}

export async function sign({ history }) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { crv, kty, x, y } = await exportJWK(publicKey);
  const jwk = { crv, kty, x, y };
  const signer = new FlattenedSign(Buffer.from(canonical(history))).setProtectedHeader({ alg: 'ES256', jwk, typ: 'rid-history+jws' });
  const { protected: header, signature } = await signer.sign(privateKey);
  return { file: JSON.stringify({ history, protected: header, signature }), key: await calculateJwkThumbprint(jwk) };
}
