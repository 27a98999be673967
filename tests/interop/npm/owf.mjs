// @owf/mdoc: issue, present, verify. The library takes its cryptography from the caller: node's, here.
import crypto from 'node:crypto';
import * as owf from '@owf/mdoc';
import { fromBase64url, fromPeer, splitPem, toBase64url, toPeer } from './values.mjs';

const HASHES = { ES256: 'sha256', ES384: 'sha384', ES512: 'sha512', EdDSA: null };
const HMAC_256 = 5;

/** A JWK with its algorithm: without one the library writes a protected header without `alg`. */
function key(jwk) {
  return owf.CoseKey.fromJwk({ alg: 'ES256', ...jwk, kid: undefined });
}

function nodeKey(coseKey, kind) {
  const { kty, crv, x, y, d } = coseKey.jwk;
  const jwk = { kty, crv, x, ...(y && { y }), ...(kind === 'private' && { d }) };
  const create = kind === 'private' ? crypto.createPrivateKey : crypto.createPublicKey;
  return create({ key: jwk, format: 'jwk' });
}

/** Keys come as encoded COSE_Key when a MAC is made and as raw points when one is checked. */
function rawKey(bytes, kind) {
  if (bytes.length === 32 || bytes[0] === 4) return bytes;
  const decoded = owf.CoseKey.decode(bytes);
  return kind === 'private' ? decoded.privateKey : decoded.publicKey;
}

function issuerField(certificate, field) {
  const { issuer } = new crypto.X509Certificate(certificate);
  return issuer.split('\n').filter((line) => line.startsWith(`${field}=`)).map((line) => line.slice(field.length + 1));
}

function verifyChain({ trustedCertificates, x5chain, now = new Date() }) {
  const roots = trustedCertificates.map((der) => new crypto.X509Certificate(der));
  const chain = x5chain.map((der) => new crypto.X509Certificate(der));
  const inTime = (certificate) => new Date(certificate.validFrom) <= now && now <= new Date(certificate.validTo);
  const signed = (child, parent) => child.checkIssued(parent) && child.verify(parent.publicKey);
  chain.forEach((certificate, at) => {
    if (!inTime(certificate)) throw new Error('a certificate is outside its validity');
    if (at + 1 < chain.length && !signed(certificate, chain[at + 1])) throw new Error('the chain is broken');
  });
  const last = chain[chain.length - 1];
  const root = roots.find((candidate) => candidate.raw.equals(last.raw) || signed(last, candidate));
  if (!root || !inTime(root)) throw new Error('no trusted root signed the chain');
}

const ctx = {
  crypto: {
    random: (length) => {
      const bytes = new Uint8Array(crypto.randomBytes(length));
      // Four bytes are asked for as a digestID, which ISO/IEC 18013-5 wants under 2^31.
      if (length === 4) bytes[0] &= 0x7f;
      return bytes;
    },
    digest: ({ digestAlgorithm, bytes }) =>
      new Uint8Array(crypto.createHash(digestAlgorithm.replace('-', '').toLowerCase()).update(bytes).digest()),
    calculateEphemeralMacKey: ({ privateKey, publicKey, sessionTranscriptBytes, info }) => {
      const ecdh = crypto.createECDH('prime256v1');
      ecdh.setPrivateKey(rawKey(privateKey, 'private'));
      const secret = ecdh.computeSecret(rawKey(publicKey, 'public'));
      const salt = crypto.createHash('sha256').update(sessionTranscriptBytes).digest();
      const derived = new Uint8Array(crypto.hkdfSync('sha256', secret, salt, info, 32));
      return owf.CoseKey.create({ keyType: owf.KeyType.Oct, k: derived });
    },
  },
  cose: {
    sign1: {
      sign: ({ toBeSigned, key: signingKey, algorithm }) => {
        const name = owf.SignatureAlgorithm[algorithm ?? signingKey.algorithm];
        const options = { key: nodeKey(signingKey, 'private'), dsaEncoding: 'ieee-p1363' };
        return new Uint8Array(crypto.sign(HASHES[name], toBeSigned, options));
      },
      verify: ({ key: verifyingKey, sign1 }) => {
        const options = { key: nodeKey(verifyingKey, 'public'), dsaEncoding: 'ieee-p1363' };
        return crypto.verify(HASHES[sign1.signatureAlgorithmName], sign1.toBeSigned, options, sign1.signature);
      },
    },
    mac0: {
      sign: ({ key: macKey, toBeAuthenticated }) => hmac(macKey, toBeAuthenticated),
      verify: ({ mac0, key: macKey }) => Buffer.from(hmac(macKey, mac0.toBeAuthenticated)).equals(mac0.tag),
    },
  },
  x509: {
    getIssuerNameField: ({ certificate, field }) => issuerField(certificate, field),
    getPublicKey: ({ certificate, alg }) => {
      const jwk = new crypto.X509Certificate(certificate).publicKey.export({ format: 'jwk' });
      return owf.CoseKey.fromJwk({ ...jwk, alg });
    },
    verifyCertificateChain: verifyChain,
    getCertificateData: ({ certificate }) => {
      const read = new crypto.X509Certificate(certificate);
      return {
        issuerName: read.issuer,
        subjectName: read.subject,
        serialNumber: read.serialNumber,
        thumbprint: read.fingerprint256,
        notBefore: new Date(read.validFrom),
        notAfter: new Date(read.validTo),
        pem: read.toString(),
      };
    },
  },
};

function hmac(macKey, message) {
  return new Uint8Array(crypto.createHmac('sha256', macKey.privateKey).update(message).digest());
}

/** A transcript as received: the library throws on unknown handovers and would re-encode the others. */
class GivenTranscript extends owf.SessionTranscript {
  constructor(bytes) {
    super({});
    this.bytes = bytes;
  }

  get encodedStructure() {
    const array = owf.cborDecode(this.bytes);
    if (!Buffer.from(owf.cborEncode(array)).equals(this.bytes)) throw new Error('the transcript does not survive cbor-x');
    return array;
  }
}

export async function issue({ docType, namespaces, deviceKey, signerKey, signerChain, validity }) {
  const issuer = new owf.Issuer(docType, ctx);
  for (const [namespace, elements] of Object.entries(namespaces)) {
    issuer.addIssuerNamespace(namespace, toPeer(elements, owf.DateOnly));
  }
  const { kty, crv, x, y } = deviceKey;
  const issuerSigned = await issuer.sign({
    signingKey: key(signerKey),
    certificates: splitPem(signerChain).map((pem) => new Uint8Array(new crypto.X509Certificate(pem).raw)),
    algorithm: owf.SignatureAlgorithm.ES256,
    digestAlgorithm: 'SHA-256',
    deviceKeyInfo: { deviceKey: owf.DeviceKey.fromJwk({ kty, crv, x, y }) },
    validityInfo: dates(validity),
  });
  return { issuerSigned: toBase64url(issuerSigned.encode()) };
}

function dates({ signed, validFrom, validUntil }) {
  return { signed: new Date(signed), validFrom: new Date(validFrom), validUntil: new Date(validUntil) };
}

export async function present({ documents, deviceKey, transcript, readerKey }) {
  const sessionTranscript = new GivenTranscript(fromBase64url(transcript));
  const deviceRequest = owf.DeviceRequest.create({
    docRequests: documents.map(({ docType, elements }) => {
      const asked = Object.entries(elements).map(([namespace, names]) => [namespace, new Map(names.map((n) => [n, false]))]);
      return owf.DocRequest.create({ itemsRequest: owf.ItemsRequest.create({ docType, namespaces: new Map(asked) }) });
    }),
  });
  const issuerSigned = documents.map((document) => owf.IssuerSigned.decode(fromBase64url(document.issuerSigned)));
  const signature = { signingKey: key(deviceKey) };
  const response = await owf.Holder.createDeviceResponseForDeviceRequest(
    { deviceRequest, issuerSigned, sessionTranscript, signature },
    ctx,
  );
  const answer = readerKey ? await withMac(response, sessionTranscript, signature.signingKey, readerKey) : response;
  return { deviceResponse: toBase64url(answer.encode()) };
}

/** The same documents with a MAC. Done by hand: the library would write `alg` ES256 into it, and forgets the external data. */
async function withMac(response, sessionTranscript, privateKey, readerKey) {
  const documents = response.documents.map(async (document) => {
    const { deviceNamespaces } = document.deviceSigned;
    const deviceMac = await owf.DeviceMac.create(
      {
        protectedHeaders: new Map([[owf.Header.Algorithm, HMAC_256]]),
        unprotectedHeaders: new Map(),
        externalAad: new Uint8Array(),
        detachedPayload: authenticated(document, sessionTranscript),
        privateKey,
        ephemeralKey: key(readerKey),
        sessionTranscript,
      },
      ctx,
    );
    const deviceSigned = owf.DeviceSigned.create({ deviceNamespaces, deviceAuth: owf.DeviceAuth.create({ deviceMac }) });
    return owf.Document.create({ docType: document.docType, issuerSigned: document.issuerSigned, deviceSigned });
  });
  return owf.DeviceResponse.createSimple({ documents: await Promise.all(documents) });
}

function authenticated(document, sessionTranscript) {
  const { deviceNamespaces } = document.deviceSigned;
  const structure = owf.DeviceAuthentication.create({ sessionTranscript, docType: document.docType, deviceNamespaces });
  return structure.encode({ asDataItem: true });
}

export async function verify({ deviceResponse, transcript, roots, at, readerKey }) {
  const sessionTranscript = new GivenTranscript(fromBase64url(transcript));
  const response = owf.DeviceResponse.decode(fromBase64url(deviceResponse));
  const failed = [];
  const anyMac = (response.documents ?? []).some((document) => document.deviceSigned.deviceAuth.deviceMac);
  const onCheck = ({ status, category, check, reason }) => {
    // The library compares the name of the MAC's algorithm with its number: it fails always, and is done again below.
    if (status === 'FAILED' && !(anyMac && category === 'DEVICE_AUTH')) failed.push(reason ?? check);
  };
  await response.verify(
    {
      sessionTranscript,
      trustedCertificates: splitPem(roots).map((pem) => new Uint8Array(new crypto.X509Certificate(pem).raw)),
      now: at ? new Date(at) : new Date(),
      onCheck,
    },
    ctx,
  );
  if (anyMac) failed.push(...(await checkDevices(response, sessionTranscript, readerKey)));
  return { valid: failed.length === 0, error: failed[0], failed, documents: (response.documents ?? []).map(elementsOf) };
}

/** Device authentication where the library's own check cannot be used: a MAC, or a signature beside one. */
async function checkDevices(response, sessionTranscript, readerKey) {
  const checks = response.documents.map(async (document) => {
    const { deviceMac, deviceSignature } = document.deviceSigned.deviceAuth;
    const publicKey = document.issuerSigned.issuerAuth.mobileSecurityObject.deviceKeyInfo.deviceKey;
    const seal = deviceMac ?? deviceSignature;
    seal.detachedPayload = authenticated(document, sessionTranscript);
    if (deviceSignature) return deviceSignature.verifySignature({ key: publicKey }, ctx);
    if (!readerKey || deviceMac.protectedHeaders.headers.get(owf.Header.Algorithm) !== HMAC_256) return false;
    deviceMac.externalAad = new Uint8Array();
    return deviceMac.verify({ publicKey, privateKey: key(readerKey), sessionTranscript }, ctx);
  });
  return (await Promise.all(checks)).filter((holds) => !holds).map(() => 'Device authentication must be valid');
}

function elementsOf(document) {
  const elements = {};
  for (const [namespace, items] of document.issuerSigned.issuerNamespaces.issuerNamespaces) {
    elements[namespace] = {};
    for (const item of items) elements[namespace][item.elementIdentifier] = fromPeer(item.elementValue, owf.DateOnly);
  }
  return { docType: document.docType, elements };
}
