/** Learns from a server: addresses from links, names from the last segments of addresses, valid bodies from forms. */
import { loadServed, type Server } from '../contract/load.ts'
import type { Known } from './invent.ts'
import { type Sent, send } from './send.ts'

const MOST_ADDRESSES = 600

/** Follows links, breadth first. */
export async function learn(server: Server): Promise<Known> {
  const description = await loadServed(server)
  const headers = { authorization: `Bearer ${server.token}` }
  const starts = Object.keys(description.paths).filter((path) => !path.includes('{'))
  const waiting = new Set<string>(starts)
  const addresses: string[] = []
  const names = new Set<string>(
    Object.values<any>(description.components.schemas).flatMap(({ properties }) => Object.keys(properties ?? {})),
  )
  const writes: Sent[] = []
  const hear = (node: any): void => {
    if (typeof node !== 'object' || node === null) return
    const { href, method = 'get', templated } = node
    if (typeof href === 'string' && href.startsWith('/') && !templated) {
      const end = decodeURIComponent(href.split('?')[0]!.split('/').at(-1)!)
      if (!/^\d+$/.test(end)) names.add(end)
      if (String(method).toLowerCase() === 'get') waiting.add(href)
      else if (href.endsWith('/form')) forms.add(href)
    }
    for (const value of Object.values(node)) hear(value)
  }
  const forms = new Set<string>(starts.filter((path) => path.endsWith('/form')))
  for (const target of waiting) {
    if (addresses.length >= MOST_ADDRESSES) break
    const { status, text } = await send(server.url, { method: 'GET', target, headers })
    if (status !== 200) continue
    addresses.push(target)
    if (text.startsWith('{')) hear(JSON.parse(text))
  }
  for (const target of forms) {
    const asked: Sent = { method: 'POST', target, headers: { 'content-type': 'application/json' }, body: '{}' }
    const { status, text } = await send(server.url, { ...asked, headers: { ...asked.headers, ...headers } })
    if (status !== 200) continue
    const { payload } = JSON.parse(text)._embedded
    const body = JSON.stringify(payload)
    const isNew = !/\/\d+\/form$/.test(target)
    writes.push({ ...asked, body }, { ...asked, method: isNew ? 'POST' : 'PATCH', target: target.replace(/\/form$/, ''), body })
  }
  const members = new Map<string, string[]>()
  for (const target of addresses) {
    const [, ...parts] = target.split('?')[0]!.split('/')
    for (const [i, part] of parts.slice(1).entries()) {
      const place = parts[i] as string
      members.set(place, [...new Set([...(members.get(place) ?? []), part])])
    }
  }
  return { description, addresses, members, names: [...names], writes }
}
