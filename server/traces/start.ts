/** Starts traces where the variables of OpenTelemetry ask for them; nothing of its packages is loaded otherwise. */
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import { observe } from '#db/observer.ts'
import type { Environment } from '#server/config/sources.ts'

/** The time for the export of what is left when the server ends. */
const ENDING_MS = 1000

/** The packages, in the versions that the program is tested with. */
const PACKAGES = '@opentelemetry/api@1.9 @opentelemetry/resources@2 @opentelemetry/sdk-trace-base@2'

/** The protocols, and the package of each. */
const exporters = {
  'http/protobuf': {
    name: '@opentelemetry/exporter-trace-otlp-proto',
    load: () => import('@opentelemetry/exporter-trace-otlp-proto'),
  },
  'http/json': { name: '@opentelemetry/exporter-trace-otlp-http', load: () => import('@opentelemetry/exporter-trace-otlp-http') },
} as const

/** Running traces. */
export interface Traces {
  /** Receives sentences for the operator. */
  warn: (message: string) => void
  /** Exports what is left, within a second. Returns whether something may still wait for the collector. */
  end(): Promise<{ isWaiting: boolean }>
}

/** The variable that asks for traces; undefined if none does. */
function askedBy(environment: Environment): string | undefined {
  const { OTEL_SDK_DISABLED: disabled, OTEL_TRACES_EXPORTER: exporter } = environment
  if (disabled?.trim().toLowerCase() === 'true' || exporter?.trim().toLowerCase() === 'none') return undefined
  return ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].find((name) => environment[name])
}

/**
 * Starts traces, if they are asked for and the packages are installed; otherwise says why not, and nothing else happens.
 * @param hosts hosts that are told the trace by outgoing requests
 * @param warn receives sentences for the operator, until another function does
 */
export async function startTraces(
  environment: Environment,
  hosts: readonly string[],
  warn: Traces['warn'],
): Promise<Traces | undefined> {
  const variable = askedBy(environment)
  if (variable === undefined) return undefined
  const traces = { warn }
  const protocol = environment.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || environment.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf'
  if (!isProtocol(protocol)) {
    traces.warn(
      `OTEL_EXPORTER_OTLP_PROTOCOL must be ${Object.keys(exporters).join(' or ')}, not "${protocol}"; there are no traces.`,
    )
    return undefined
  }
  const { name, load } = exporters[protocol]
  try {
    const [{ createTracer }, { OTLPTraceExporter }] = await Promise.all([import('./tracer.ts'), load()])
    const exporter: SpanExporter = new OTLPTraceExporter()
    const tracer = createTracer({ exporter, hosts, warn: (message) => traces.warn(message) })
    observe(tracer.observer)
    return Object.assign(traces, { end: () => ending(tracer.end()) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    traces.warn(`${variable} asks for traces, but their packages are not installed: npm install ${PACKAGES} ${name}@0.223`)
    return undefined
  }
}

const isProtocol = (text: string): text is keyof typeof exporters => Object.hasOwn(exporters, text)

/** Stops to observe, and waits for an export, but not for long. */
async function ending(exported: Promise<void>): Promise<{ isWaiting: boolean }> {
  observe(undefined)
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(true), ENDING_MS)
  const done = exported.then(
    () => false,
    () => false,
  )
  const isWaiting = await Promise.race([done, late.promise])
  clearTimeout(timer)
  return { isWaiting }
}
