// One JSON object a line in, one a line out: {"command": "owf-issue" | "auth0-present" | "owf-verify" | ..., ...} -> {"ok": true, ...} | {"ok": false, "error"}.
// What each command takes and gives is in README.md.
import readline from 'node:readline';
import * as auth0 from './auth0.mjs';
import * as owf from './owf.mjs';
import * as sdjwt from './sdjwt.mjs';

// The answer is the only thing on stdout; libraries that chatter do it elsewhere.
console.log = console.error;

const peers = { auth0, owf, sdjwt };

async function answer(line) {
  try {
    const { command, ...input } = JSON.parse(line);
    const [, peer, action] = /^(owf|auth0|sdjwt)-(issue|present|sign|verify)$/.exec(command) ?? [];
    if (!peers[peer]?.[action]) return { ok: false, error: `unknown command: ${command}` };
    return { ok: true, ...(await peers[peer][action](input)) };
  } catch (error) {
    return { ok: false, error: String(error?.message ?? error) };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  if (line.trim()) process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
