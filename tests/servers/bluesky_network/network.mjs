// Bluesky's own servers on free ports of this machine: the directory of names (PLC), two homes of accounts (PDS; the second
// counts calls and refuses too many), the network's view (AppView) and what it leans on (bsync). Says READY with their
// addresses; GET /settle on the control port answers when the view holds all that was posted. Ends when its input does.
import http from 'node:http'
import * as plc from '@did-plc/lib'
import { wait } from '@atproto/common-web'
import { Secp256k1Keypair } from '@atproto/crypto'
import { TestBsky, TestBsync, TestPds, TestPlc, mockNetworkUtilities } from '@atproto/dev-env'

process.stdin.on('end', () => process.exit(0)).resume()
const { database, redis, homePort, viewPort, chatPort } = JSON.parse(process.env.NETWORK)
const nobody = 'did:example:nobody' // who would moderate

const names = await TestPlc.create({})
const bsync = await TestBsync.create({ dbUrl: database, dbSchema: 'bsync', apiKeys: ['bsync-api-key'] })
const view = await TestBsky.create({
  plcUrl: names.url,
  pdsPort: homePort,
  repoProvider: `ws://localhost:${homePort}`,
  bsyncUrl: bsync.url,
  dbPostgresUrl: database,
  dbPostgresSchema: 'view',
  redisHost: redis,
  publicUrl: `http://localhost:${viewPort}`, // where it shows pictures
  port: viewPort,
  modServiceDid: nobody,
  labelsFromIssuerDids: [nobody],
})
bsync.ctx.dataplaneClients = [view.ctx.dataplane]
const home = await TestPds.create({
  port: homePort,
  hostname: 'localhost',
  didPlcUrl: names.url,
  bskyAppViewUrl: view.url,
  bskyAppViewDid: view.serverDid,
})
const strict = await TestPds.create({
  hostname: 'localhost',
  didPlcUrl: names.url,
  bskyAppViewUrl: view.url,
  bskyAppViewDid: view.serverDid,
  enableDidDocWithSession: true, // says with a log-in where the account lives
  rateLimitsEnabled: true,
})
mockNetworkUtilities(home, view)

// Direct messages have no server among Bluesky's published ones. A home carries them to whatever service an entry in the
// directory names, with a token it signs; this entry names the tests' own.
const key = await Secp256k1Keypair.create()
const chat = await names.getClient().createDid({
  signingKey: key.did(),
  rotationKeys: [key.did()],
  handle: 'chat.test',
  pds: home.url,
  signer: key,
})
await names.getClient().updateData(chat, key, (entry) => ({
  ...entry,
  services: { ...entry.services, bsky_chat: { type: 'BskyChatService', endpoint: `http://localhost:${chatPort}` } },
}))

async function settle() {
  await home.processAll()
  await view.bsyncSub.processAll(await bsync.getStreamHeads())
  const posted = await home.ctx.sequencer.curr()
  for (const end = Date.now() + 15_000; Date.now() < end; await wait(5)) {
    await view.sub.processAll()
    if ((await view.sub.getCursor()) >= (posted ?? 0)) return view.sub.processAll() // whom to tell is noted a moment later
  }
  throw new Error('the view did not catch up')
}

const control = http.createServer((_, response) =>
  settle().then(
    () => response.end(),
    (error) => response.writeHead(500).end(String(error)),
  ),
)
control.listen(0, '127.0.0.1', () =>
  console.log(
    'READY ' +
      JSON.stringify({
        home: home.url,
        strict: strict.url,
        view: view.url,
        names: names.url,
        chat,
        control: `http://127.0.0.1:${control.address().port}`,
      }),
  ),
)
