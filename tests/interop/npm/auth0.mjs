// @auth0/mdl: issue, present, verify over any transcript, with signature or MAC. Its clock cannot be set.
import { createRequire } from 'node:module';
import { DataItem, DeviceResponse, Document, Verifier } from '@auth0/mdl';
import { COSEKeyFromJWK } from 'cose-kit';
import { fromBase64url, fromPeer, splitPem, toBase64url, toPeer } from './values.mjs';

const { DateOnly, cborDecode, cborEncode } = createRequire(import.meta.url)('@auth0/mdl/lib/cbor');

/** The library writes `kid: undefined` into the unprotected header unless the key has one. */
const KID = 'interop';

function key(jwk) {
  return { alg: 'ES256', ...jwk, kid: jwk.kid ?? KID };
}

export async function issue({ docType, namespaces, deviceKey, signerKey, signerChain, validity }) {
  const document = new Document(docType);
  for (const [namespace, elements] of Object.entries(namespaces)) {
    document.addIssuerNameSpace(namespace, Object.fromEntries(toPeer(elements, DateOnly)));
  }
  const { kty, crv, x, y } = deviceKey;
  const signed = await document
    .useDigestAlgorithm('SHA-256')
    .addValidityInfo({
      signed: new Date(validity.signed),
      validFrom: new Date(validity.validFrom),
      validUntil: new Date(validity.validUntil),
    })
    .addDeviceKeyInfo({ deviceKey: { kty, crv, x, y } })
    .sign({ issuerPrivateKey: key(signerKey), issuerCertificate: splitPem(signerChain), alg: 'ES256', kid: KID });
  return { issuerSigned: toBase64url(cborEncode(signed.prepare().get('issuerSigned'))) };
}

export async function present({ documents, deviceKey, transcript, readerKey }) {
  const held = documents.map(({ docType, issuerSigned }) => {
    const raw = cborDecode(fromBase64url(issuerSigned));
    return new Map([['docType', docType], ['issuerSigned', raw]]);
  });
  const mdoc = cborEncode(new Map([['version', '1.0'], ['documents', held], ['status', 0]]));
  const definition = {
    id: 'interop',
    input_descriptors: documents.map(({ docType, elements }) => ({
      id: docType,
      format: { mso_mdoc: { alg: ['ES256'] } },
      constraints: {
        limit_disclosure: 'required',
        fields: Object.entries(elements).flatMap(([namespace, names]) =>
          names.map((name) => ({ path: [`$['${namespace}']['${name}']`], intent_to_retain: false })),
        ),
      },
    })),
  };
  const builder = DeviceResponse.from(mdoc)
    .usingPresentationDefinition(definition)
    .usingSessionTranscriptBytes(tagged(transcript));
  const prepared = readerKey
    ? builder.authenticateWithMAC(key(deviceKey), COSEKeyFromJWK(key(readerKey)), 'HS256')
    : builder.authenticateWithSignature(key(deviceKey), 'ES256');
  return { deviceResponse: toBase64url((await prepared.sign()).encode()) };
}

/** The library wants SessionTranscriptBytes: the array in tag 24. */
function tagged(transcript) {
  return cborEncode(new DataItem({ buffer: Buffer.from(fromBase64url(transcript)) }));
}

export async function verify({ deviceResponse, transcript, roots, readerKey }) {
  const failed = [];
  const mdoc = await new Verifier(splitPem(roots)).verify(fromBase64url(deviceResponse), {
    encodedSessionTranscript: tagged(transcript),
    ephemeralReaderKey: readerKey && COSEKeyFromJWK(key(readerKey)),
    onCheck: ({ status, check, reason }) => {
      if (status === 'FAILED') failed.push(reason ?? check);
    },
  });
  return { valid: failed.length === 0, error: failed[0], failed, documents: mdoc.documents.map(elementsOf) };
}

function elementsOf(document) {
  const names = document.issuerSignedNameSpaces;
  const elements = names.map((name) => [name, fromPeer(document.getIssuerNameSpace(name), DateOnly)]);
  return { docType: document.docType, elements: Object.fromEntries(elements) };
}
