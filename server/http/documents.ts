/** The OpenAPI document and the page to browse it, served without external requests. */
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { packageFile, version } from '#files/package.ts'
import type { Model } from '#kernel/declaration.ts'
import { settingsOf } from '#kernel/settings.ts'
import { sendText } from './answer.ts'
import { PREFIX, type Services, snapshotFor } from './mount.ts'
import { openapi } from './openapi.ts'

const require = createRequire(import.meta.url)
const pageFile = (name: string) => packageFile('server', 'http', 'docs', name)

/** The assets of the page, by the names in its requests. */
const parts: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  'page.css': { file: pageFile('page.css'), type: 'text/css; charset=utf-8' },
  'page.js': { file: pageFile('page.js'), type: 'text/javascript; charset=utf-8' },
  'explorer.js': {
    file: require.resolve('openapi-explorer/dist/browser/openapi-explorer.min.js'),
    type: 'text/javascript; charset=utf-8',
  },
}

interface Part {
  readonly text: string
  readonly type: string
  /** Its address, which is another one as soon as it says something else: what was kept is not shown then. */
  readonly address: string
}

async function readParts(): Promise<ReadonlyMap<string, Part>> {
  const read = Object.entries(parts).map(async ([name, { file, type }]): Promise<[string, Part]> => {
    const text = await readFile(file, 'utf8')
    const mark = hash('sha256', text).slice(0, 16)
    return [name, { text, type, address: `${DOCS}/${name}?${mark}` }]
  })
  return new Map(await Promise.all(read))
}

const DOCS = '/api/docs'

/** The page. Its own script comes first, so that it hears everything that the component has to say. */
const pageOf = (known: ReadonlyMap<string, Part>): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Halyard API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${known.get('page.css')?.address}">
<script src="${known.get('page.js')?.address}" type="module"></script>
<script src="${known.get('explorer.js')?.address}" type="module"></script>
</head>
<body>
<openapi-explorer
  spec-url="${PREFIX}/spec.json"
  use-path-in-nav-bar="true"
  hide-server-selection="true"
  collapse="true"
  schema-expand-level="2"
  fetch-credentials="same-origin"
></openapi-explorer>
</body>
</html>
`

// The component styles itself by elements and attributes; nothing else is allowed that is not a file of ours.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The OpenAPI document of a model. */
export const openapiDocument = (model: Model): object => openapi(model, version)

/** Adds `/api/v3/spec.json`, `.yml`, `/api/v3/openapi.json` and, if enabled, `/api/docs`. They are generated on first use. */
export function describe(app: FastifyInstance, services: Services): void {
  let json: string | undefined
  const asJson = () => {
    json ??= JSON.stringify(openapiDocument(services.model))
    return json
  }
  for (const path of ['/spec.json', '/openapi.json']) {
    app.get(PREFIX + path, async (request, reply) => sendText(request, reply.type('application/json; charset=utf-8'), asJson()))
  }
  let yaml: string | undefined
  app.get(`${PREFIX}/spec.yml`, async (request, reply) => {
    yaml ??= (await import('yaml')).stringify(JSON.parse(asJson()), { aliasDuplicateObjects: false })
    return sendText(request, reply.type('text/vnd.yaml; charset=utf-8'), yaml)
  })
  const isOn = async (request: FastifyRequest) =>
    (await settingsOf(services.db, await snapshotFor(request, services))).apiv3_docs_enabled
  let known: Promise<ReadonlyMap<string, Part>> | undefined
  const partsOfPage = () => {
    known ??= readParts()
    return known
  }
  app.get(DOCS, async (request, reply) => {
    if (!(await isOn(request))) return reply.callNotFound()
    const page = pageOf(await partsOfPage())
    return sendText(request, reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY), page)
  })
  for (const name of Object.keys(parts)) {
    app.get(`${DOCS}/${name}`, async (request, reply) => {
      if (!(await isOn(request))) return reply.callNotFound()
      const { text, type } = (await partsOfPage()).get(name) as Part
      return sendText(request, reply.type(type).header('cache-control', 'public, max-age=86400'), text)
    })
  }
}
