// The audit suite of the GraphQL-over-HTTP specification, against a running `pesan dev`.
// Usage: node audits.mjs .data/dev.json <number of audits that there have to be>
import { readFileSync } from 'node:fs';
import { serverAudits } from 'graphql-http';

const [file, expected] = process.argv.slice(2);
const { graphqlUrl, apiKey } = JSON.parse(readFileSync(file, 'utf8'));
const fetchWithKey = (url, init = {}) =>
  fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${apiKey}` } });

let failed = 0;
let count = 0;
for (const audit of serverAudits({ url: graphqlUrl, fetchFn: fetchWithKey })) {
  count += 1;
  const result = await audit.fn();
  if (result.status === 'ok') continue;
  // `notice` is for a MAY: the specification lets a server choose.
  const binding = !audit.name.startsWith('MAY');
  if (binding) failed += 1;
  console.log(`${binding ? 'FAILED' : 'note'} ${audit.id} ${audit.name}: ${result.reason}`);
}
console.log(`${count} audits, ${failed} failed`);
if (failed > 0 || count !== Number(expected)) process.exit(1);
