// Element values between JSON and the peers' own types:
// {"$bytes": base64url}, {"$date": "2026-01-31"} (tag 1004), {"$tdate": "2026-01-31T00:00:00Z"} (tag 0).

/** From JSON to what a peer encodes. `DateOnly` is the peer's class for tag 1004; Date is tag 0 with both. */
export function toPeer(value, DateOnly) {
  if (Array.isArray(value)) return value.map((inner) => toPeer(inner, DateOnly));
  if (value === null || typeof value !== 'object') return value;
  if ('$bytes' in value) return fromBase64url(value.$bytes);
  if ('$date' in value) return new DateOnly(value.$date);
  if ('$tdate' in value) return new Date(value.$tdate);
  return new Map(Object.entries(value).map(([name, inner]) => [name, toPeer(inner, DateOnly)]));
}

/** From what a peer decoded to JSON. */
export function fromPeer(value, DateOnly) {
  if (value instanceof DateOnly) return { $date: value.toISOString() };
  if (value instanceof Date) return { $tdate: `${value.toISOString().split('.')[0]}Z` };
  if (value instanceof Uint8Array) return { $bytes: toBase64url(value) };
  if (Array.isArray(value)) return value.map((inner) => fromPeer(inner, DateOnly));
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return value;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([name, inner]) => [name, fromPeer(inner, DateOnly)]));
}

export const fromBase64url = (text) => new Uint8Array(Buffer.from(text, 'base64url'));
export const toBase64url = (bytes) => Buffer.from(bytes).toString('base64url');

/** The certificates of one or more PEM blocks, as PEM. */
export function splitPem(pem) {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}
