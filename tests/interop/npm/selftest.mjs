// The peers against each other: every issuer, presenter and verifier, by signature and by MAC; and what must not pass.
import crypto from 'node:crypto';
import * as x509 from '@peculiar/x509';
import * as auth0 from './auth0.mjs';
import * as owf from './owf.mjs';
import { toBase64url } from './values.mjs';

console.log = console.error;
x509.cryptoProvider.set(crypto.webcrypto);
const DOC_TYPE = 'org.iso.18013.5.1.mDL';
const NAMESPACE = 'org.iso.18013.5.1';
const peers = { auth0, owf };
const DAY = 86_400_000;
const midnight = Math.floor(Date.now() / DAY) * DAY;
const day = (days) => new Date(midnight + days * DAY);

async function keyPair() {
  const pair = await crypto.webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const { kty, crv, x, y, d } = await crypto.webcrypto.subtle.exportKey('jwk', pair.privateKey);
  return { pair, jwk: { kty, crv, x, y, d }, publicJwk: { kty, crv, x, y } };
}

async function pki() {
  const [root, signer] = [await keyPair(), await keyPair()];
  const common = { notBefore: day(-1), notAfter: day(300), signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } };
  const rootCertificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: '01',
    name: 'C=AZ, CN=Interop root',
    keys: root.pair,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const signerCertificate = await x509.X509CertificateGenerator.create({
    ...common,
    serialNumber: '02',
    subject: 'C=AZ, CN=Interop signer',
    issuer: 'C=AZ, CN=Interop root',
    publicKey: signer.pair.publicKey,
    signingKey: root.pair.privateKey,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(['1.0.18013.5.1.2'], true),
    ],
  });
  return { roots: rootCertificate.toString('pem'), signerChain: signerCertificate.toString('pem'), signerKey: signer.jwk };
}

/** [null, null, handover] of no protocol that exists: both must take any. */
const transcript = toBase64url(Buffer.concat([Buffer.from('83f6f68267496e7465726f70', 'hex'), Buffer.from([0x58, 32]), crypto.randomBytes(32)]));

const { roots, signerChain, signerKey } = await pki();
const [device, reader] = [await keyPair(), await keyPair()];
const namespaces = {
  [NAMESPACE]: {
    family_name: 'Əliyeva',
    birth_date: { $date: '1990-02-28' },
    issuing_country: 'AZ',
    portrait: { $bytes: toBase64url(Buffer.from('ffd8ffe0', 'hex')) },
    age_over_18: true,
    driving_privileges: [{ vehicle_category_code: 'B', issue_date: { $date: '2015-01-31' } }],
  },
  [`${NAMESPACE}.AZ`]: { fin: 'ABC1234' },
};
const elements = { [NAMESPACE]: ['family_name', 'issuing_country', 'driving_privileges'], [`${NAMESPACE}.AZ`]: ['fin'] };
const validity = { signed: day(0), validFrom: day(0), validUntil: day(90) };

let wrong = 0;
function expect(name, got, wanted) {
  if (JSON.stringify(got) === JSON.stringify(wanted)) return;
  wrong += 1;
  console.error(`${name}: got ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
}

for (const [issuing, issuer] of Object.entries(peers)) {
  const { issuerSigned } = await issuer.issue({ docType: DOC_TYPE, namespaces, deviceKey: device.publicJwk, signerKey, signerChain, validity });
  for (const [presenting, presenter] of Object.entries(peers)) {
    for (const mac of [false, true]) {
      const documents = [{ docType: DOC_TYPE, issuerSigned, elements }];
      const shown = { documents, deviceKey: device.jwk, transcript, ...(mac && { readerKey: reader.publicJwk }) };
      const { deviceResponse } = await presenter.present(shown);
      for (const [verifying, verifier] of Object.entries(peers)) {
        const name = `${issuing} -> ${presenting} -> ${verifying}${mac ? ', MAC' : ''}`;
        const given = { deviceResponse, transcript, roots, ...(mac && { readerKey: reader.jwk }) };
        const verdict = await verifier.verify(given);
        expect(name, [verdict.valid, verdict.failed], [true, []]);
        expect(`${name}: names`, verdict.documents[0].elements[NAMESPACE].family_name, 'Əliyeva');
        expect(`${name}: number`, Object.keys(verdict.documents[0].elements[NAMESPACE]).length, 3);
        const other = toBase64url(Buffer.from('83f6f6f6', 'hex'));
        expect(`${name}, another transcript`, (await verifier.verify({ ...given, transcript: other })).valid, false);
        expect(`${name}, no root`, (await verifier.verify({ ...given, roots: (await pki()).roots })).valid, false);
      }
    }
  }
}
process.stdout.write(wrong === 0 ? 'ok\n' : `${wrong} wrong\n`);
process.exitCode = wrong === 0 ? 0 : 1;
