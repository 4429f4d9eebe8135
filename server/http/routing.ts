/**
 * Finds operations by method and path. All stand behind one route: Fastify compiles a function for each route, which took a third of
 * the start.
 */
import type { Method, Operation } from '#kernel/declaration.ts'

/** An operation that a path leads to, and the values in the path. */
export interface Found {
  readonly operation: Operation
  readonly params: Readonly<Record<string, string>>
}

export interface Router {
  /** The operation of a method and a path, which is given as it was sent. */
  find(method: string, path: string): Found | undefined
  /** The methods that a path has. */
  methodsOf(path: string): Method[]
}

/** No id, name or identifier is longer. */
const LONGEST_SEGMENT = 1000

interface Node {
  readonly literals: Map<string, Node>
  /** Any segment. */
  any?: Node
  /** The operations that end here, by method. */
  readonly ends: Map<string, Pattern>
  /** The operations that take all that follows. */
  readonly rests: Map<string, Pattern>
}

/** An operation with the segments of its path. */
interface Pattern {
  readonly operation: Operation
  readonly segments: readonly string[]
}

const node = (): Node => ({ literals: new Map(), ends: new Map(), rests: new Map() })

/** A router for operations. Literal segments go before values. */
export function routerOf(operations: readonly Operation[]): Router {
  const root = node()
  for (const operation of operations) {
    let place = root
    const segments = segmentsOf(operation.path)
    const hasRest = segments.at(-1) === '*'
    for (const segment of hasRest ? segments.slice(0, -1) : segments) {
      if (segment.startsWith(':')) place = place.any ??= node()
      else {
        const next = place.literals.get(segment) ?? node()
        place.literals.set(segment, next)
        place = next
      }
    }
    ;(hasRest ? place.rests : place.ends).set(operation.method, { operation, segments })
  }
  return {
    find(method, path) {
      const segments = decoded(path)
      const pattern = segments && seek(root, segments, 0, (ends) => ends.get(method))
      return pattern && { operation: pattern.operation, params: paramsIn(pattern, segments) }
    },
    methodsOf(path) {
      const segments = decoded(path)
      const found = new Set<Method>()
      if (segments) {
        seek(root, segments, 0, (ends) => {
          for (const { operation } of ends.values()) found.add(operation.method)
          return undefined
        })
      }
      return [...found]
    },
  }
}

/** The first operation that `choose` gives for the places that segments lead to. */
function seek(
  place: Node,
  segments: readonly string[],
  at: number,
  choose: (patterns: ReadonlyMap<string, Pattern>) => Pattern | undefined,
): Pattern | undefined {
  if (at === segments.length) return choose(place.ends)
  const literal = place.literals.get(segments[at] as string)
  return (
    (literal && seek(literal, segments, at + 1, choose)) ??
    (place.any && seek(place.any, segments, at + 1, choose)) ??
    choose(place.rests)
  )
}

const segmentsOf = (path: string): string[] => path.split('/').filter(Boolean)

/** Whether a part of a path is longer than anything that it could name. */
export const isTooLong = (path: string): boolean => path.split('/').some((one) => one.length > LONGEST_SEGMENT)

/** The segments of a path; undefined if one is too long, or not encoded as it has to be. */
function decoded(path: string): string[] | undefined {
  const segments = segmentsOf(path)
  if (segments.some((one) => one.length > LONGEST_SEGMENT)) return undefined
  try {
    return path.includes('%') ? segments.map(decodeURIComponent) : segments
  } catch {
    return undefined
  }
}

/** The values that a path has for the names of an operation. */
function paramsIn(pattern: Pattern, segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {}
  for (const [i, segment] of pattern.segments.entries()) {
    if (segment.startsWith(':')) params[segment.slice(1)] = segments[i] as string
    else if (segment === '*') params['*'] = segments.slice(i).join('/')
  }
  return params
}
