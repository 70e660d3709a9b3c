/** Whom a request comes from: by address, by network for IPv6, or as a gateway says. */
import t from 'tap'
import { networkOf } from '../../../../src/serving/http/connections/clients.js'
import { CLIP, post, setUp } from '../fake-service.js'

t.test('an address is a client, and an IPv6 network of 64 bits is one', (t) => {
  for (const [address, network] of [
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['', ''],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2:ffff::', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ] as const)
    t.equal(networkOf(address), network, address)
  t.end()
})

t.test('the header counts only where it is configured', async (t) => {
  const plain = await setUp(t)
  await post(`${plain.url}/v1/transcriptions`, CLIP, { 'x-client': 'somebody' })
  t.equal(plain.jobs[0]!.client, 'address 127.0.0.1')
  const behind = await setUp(t, { EARSHOT_CLIENT_HEADER: 'X-Client' })
  await post(`${behind.url}/v1/transcriptions`, CLIP, { 'x-client': `somebody${'x'.repeat(200)}` })
  await post(`${behind.url}/v1/transcriptions`, CLIP)
  t.same(behind.jobs.map(({ client }) => client), [`header somebody${'x'.repeat(92)}`, 'address 127.0.0.1'])
})
