/** The OpenAPI document and the page to browse it, served without external requests. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Model } from '#kernel/declaration.ts'
import { settingsOf } from '#kernel/settings.ts'
import { sendText } from './answer.ts'
import { type Ground, PREFIX, snapshotFor } from './mount.ts'
import { openapi } from './openapi.ts'

const require = createRequire(import.meta.url)
const { version } = require('../../package.json') as { version: string }

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Halyard API</title>
<script src="/api/docs/explorer.js" type="module"></script>
<style>body { margin: 0 }</style>
</head>
<body>
<openapi-explorer spec-url="${PREFIX}/spec.json" hide-console="true" use-path-in-nav-bar="true"></openapi-explorer>
</body>
</html>
`

const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The OpenAPI document of a model. */
export const openapiDocument = ({ resources, operations }: Model): object => openapi(resources, operations, version)

/** Adds `/api/v3/spec.json`, `.yml`, `/api/v3/openapi.json` and, if enabled, `/api/docs`. They are generated on first use. */
export function describe(app: FastifyInstance, ground: Ground): void {
  let json: string | undefined
  const asJson = () => {
    json ??= JSON.stringify(openapiDocument(ground.model))
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
    (await settingsOf(ground.db, await snapshotFor(request, ground))).apiv3_docs_enabled
  app.get('/api/docs', async (request, reply) => {
    if (!(await isOn(request))) return reply.callNotFound()
    return sendText(request, reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY), page)
  })
  let script: string | undefined
  app.get('/api/docs/explorer.js', async (request, reply) => {
    if (!(await isOn(request))) return reply.callNotFound()
    script ??= await readFile(require.resolve('openapi-explorer/dist/browser/openapi-explorer.min.js'), 'utf8')
    return sendText(
      request,
      reply.type('text/javascript; charset=utf-8').header('cache-control', 'public, max-age=86400'),
      script,
    )
  })
}
