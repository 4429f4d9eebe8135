/**
 * Servers below a path of their host, such as `https://example.org/work`. Everything within knows addresses from `/` on; they lose
 * the path where requests come in, and get it where responses go out.
 */
import type { FastifyInstance } from 'fastify'

const roots = new WeakMap<FastifyInstance, string>()

/** Has an application answer below a path; empty for none. */
export const setRoot = (app: FastifyInstance, root: string): void => void roots.set(app, root)

const rootOf = (app: FastifyInstance): string => roots.get(app) ?? ''

/** The address of a request without the path. A proxy may have removed it already. */
export function withoutRoot(url: string, root: string): string {
  if (root === '' || !url.startsWith(root)) return url
  const rest = url.slice(root.length)
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest.startsWith('/') ? rest : url
}

/** An address of this server, as a client reaches it. Others stay as they are. */
export function withRoot(app: FastifyInstance, address: string): string {
  const root = rootOf(app)
  return root !== '' && /^\/(?!\/)/.test(address) ? root + address : address
}

/** A body as it was sent, without the path in its addresses: what was read can be written back, also where it is no link. */
export function bodyWithoutRoot(app: FastifyInstance, text: string): string {
  const root = rootOf(app)
  return root === ''
    ? text
    : text.replaceAll(/("href"[ \t]{0,9}:[ \t]{0,9}")(\/[^"\\]*)/g, (_, before, path) => before + withoutRoot(path, root))
}

/** A text of a response, with the path in the addresses of this server. */
export function textWithRoot(app: FastifyInstance, text: string, type: string): string {
  const root = rootOf(app)
  if (root === '') return text
  // Quotes within strings are escaped: what is matched is never a part of what somebody wrote, but for links in rendered texts.
  if (type.includes('json')) {
    // The API's description, which is no HAL, names the server's address.
    const own = type.includes('hal+json') ? text : text.replaceAll(/"url":"\/(?!\/)/g, `"url":"${root}/`)
    return own.replaceAll(/"href":"\/(?!\/)/g, `"href":"${root}/`).replaceAll(/"html":"(?:[^"\\]|\\.)*"/g, (html) =>
      // Only within tags: what looks like an attribute elsewhere is somebody's text.
      html.replaceAll(/<[a-z](?:[^"<>\\]|\\"(?:[^"\\]|\\[^"])*\\")*>/g, (tag) =>
        tag.replaceAll(/ (href|src)=\\"\/(?!\/)/g, ` $1=\\"${root}/`),
      ),
    )
  }
  return type.includes('html') ? text.replaceAll(/([\s-](?:href|src|action|formaction|url))="\/(?!\/)/g, `$1="${root}/`) : text
}
