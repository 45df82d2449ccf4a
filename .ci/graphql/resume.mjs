// A client that is not ours (npm `graphql-ws`) is cut off at random, comes back to the one or the other of two
// instances, and has to receive every event once, in the log's order. The webhooks go to both instances meanwhile.
// Usage: node resume.mjs <url of one> <url of the other>
// Environment: API_KEY (of a key that may follow events), APP_SECRET, PHONE_NUMBER_ID, ACCOUNT_ID; EVENTS (1000), CUTS (50).
import { createHmac } from 'node:crypto';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const urls = process.argv.slice(2);
const { API_KEY, APP_SECRET, PHONE_NUMBER_ID, ACCOUNT_ID, EVENTS = '1000', CUTS = '50' } = process.env;
if (urls.length !== 2 || !API_KEY || !APP_SECRET || !PHONE_NUMBER_ID || !ACCOUNT_ID) {
  console.error('two urls, and API_KEY, APP_SECRET, PHONE_NUMBER_ID, ACCOUNT_ID in the environment');
  process.exit(2);
}
const [events, cuts] = [Number(EVENTS), Number(CUTS)];
const run = Date.now().toString(36);

async function ask(query) {
  const response = await fetch(`${urls[0]}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function send(n) {
  const waId = `62813${String(n % 37).padStart(7, '0')}`;
  const body = JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: ACCOUNT_ID, time: 1763712000, changes: [{ field: 'messages', value: {
      messaging_product: 'whatsapp',
      metadata: { display_phone_number: '15550783881', phone_number_id: PHONE_NUMBER_ID },
      contacts: [{ profile: { name: 'Budi' }, wa_id: waId, user_id: `ID.${run}.${n % 37}` }],
      messages: [{ from: waId, from_user_id: `ID.${run}.${n % 37}`, id: `wamid.${run}.${n}`,
        timestamp: '1763712000', type: 'text', text: { body: 'halo' } }],
    } }] }],
  });
  const signature = createHmac('sha256', APP_SECRET).update(body).digest('hex');
  const response = await fetch(`${urls[n % 2]}/api/webhooks/whatsapp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` },
    body,
  });
  if (response.status !== 200) throw new Error(`a webhook was answered ${response.status}`);
}

async function sendAll() {
  await Promise.all([0, 1, 2, 3].map(async (sender) => {
    for (let n = sender; n < events; n += 4) await send(n);
  }));
}

const query = `subscription($after: Cursor) { events(after: $after) {
  __typename cursor ... on MessageAddedEvent { messageId } } }`;

/** Takes so many messages over one connection, then breaks it off. */
function take(url, state, most) {
  return new Promise((resolve, reject) => {
    let socket;
    let left = most;
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql/ws`,
      webSocketImpl: class extends WebSocket {
        constructor(...args) {
          super(...args);
          socket = this;
        }
      },
      connectionParams: { Authorization: `Bearer ${API_KEY}` },
      retryAttempts: 0,
    });
    const done = () => {
      left = -1;
      socket.terminate();
      resolve();
    };
    if (left === 0) client.on('connected', done);
    client.subscribe({ query, variables: { after: state.cursor } }, {
      next: ({ data, errors }) => {
        if (left <= 0) return;
        if (errors) return reject(new Error(JSON.stringify(errors)));
        state.cursor = data.events.cursor;
        if (!data.events.messageId?.includes(`wamid.${run}.`)) return;
        state.got.push(data.events.messageId);
        left -= 1;
        if (left === 0 || state.got.length >= events) done();
      },
      error: (error) => {
        if (left >= 0) reject(error instanceof Error ? error : new Error(JSON.stringify(error.reason ?? error)));
      },
      complete: () => {},
    });
  });
}

const beginning = (await ask('{ eventsCursor }')).eventsCursor;
const state = { cursor: beginning, got: [] };
const sending = sendAll();
let connections = 0;
while (state.got.length < events) {
  const most = connections < cuts ? Math.floor(Math.random() * (events / cuts)) : Infinity;
  await take(urls[connections % 2], state, most);
  connections += 1;
}
await sending;

// The log's own order: one reader that is never cut off.
const whole = { cursor: beginning, got: [] };
await take(urls[1], whole, Infinity);

const twice = state.got.length - new Set(state.got).size;
const isInOrder = state.got.every((id, index) => id === whole.got[index]);
console.log(`${state.got.length} events over ${connections} connections, ${twice} twice, in order: ${isInOrder}`);
if (state.got.length !== events || twice > 0 || !isInOrder || connections <= cuts) process.exit(1);
process.exit(0);
