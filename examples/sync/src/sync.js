/** Keeps work packages in step with tickets of another system. */
import { setTimeout } from 'node:timers/promises'

const ATTEMPTS = 4

/**
 * @typedef {{ key: string, title: string, done?: boolean, due?: string }} Ticket
 * @typedef {{ url: string, token: string, project: string }} Target
 */

/** Sends a request, again where the server is busy or the connection breaks. */
async function send({ url, token }, method, path, body) {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt === ATTEMPTS
    try {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      })
      const content = await response.json()
      if (response.ok) return content
      const isBusy = response.status === 503 || response.status === 429
      if (!isBusy || isLast) throw Object.assign(new Error(content.message), { status: response.status })
      await setTimeout(Number(response.headers.get('retry-after') ?? 1) * 1000)
    } catch (error) {
      // What changes something may have been done already: the caller looks first.
      if (error.status !== undefined || method === 'POST' || isLast) throw error
    }
  }
}

const filtersFor = (key) => encodeURIComponent(JSON.stringify([{ subject: { operator: '~', values: [`[${key}]`] } }]))

/** The work package of a ticket, which its subject names; undefined if there is none. */
async function find(target, { key }) {
  const path = `/api/v3/projects/${target.project}/work_packages?filters=${filtersFor(key)}&pageSize=1`
  return (await send(target, 'GET', path))._embedded.elements[0]
}

async function statuses(target) {
  const { _embedded } = await send(target, 'GET', '/api/v3/statuses')
  const named = (name) => _embedded.elements.find((status) => status.name === name)._links.self
  return { open: named('New'), closed: named('Closed') }
}

/** Creates or updates the work package of a ticket. */
async function put(target, ticket, { open, closed }) {
  const wanted = {
    subject: `[${ticket.key}] ${ticket.title}`,
    dueDate: ticket.due ?? null,
    _links: { status: ticket.done ? closed : open },
  }
  for (let attempt = 1; ; attempt++) {
    const known = await find(target, ticket)
    try {
      if (!known) return await send(target, 'POST', `/api/v3/projects/${target.project}/work_packages`, wanted)
      const isSame =
        known.subject === wanted.subject &&
        known.dueDate === wanted.dueDate &&
        known._links.status.href === wanted._links.status.href
      if (isSame) return known
      return await send(target, 'PATCH', known._links.self.href, { ...wanted, lockVersion: known.lockVersion })
    } catch (error) {
      // Somebody else was faster, or the response was lost on its way: look again.
      if ((error.status !== undefined && error.status !== 409) || attempt === ATTEMPTS) throw error
    }
  }
}

/**
 * Brings the work packages of a project in step with tickets.
 * @param {Target} target
 * @param {readonly Ticket[]} tickets
 */
export async function sync(target, tickets) {
  const known = await statuses(target)
  for (const ticket of tickets) await put(target, ticket, known)
}
