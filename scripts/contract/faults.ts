/** The known faults of the official document, and their repairs before any comparison. */

/** One step of a repair, as in JSON Patch (RFC 6902): `path` and `from` are JSON pointers into the document. */
export type Patch = { op: 'add' | 'replace' | 'remove' | 'copy' | 'move'; path: string; from?: string; value?: unknown }

/** A known fault: `reason` describes it, `action` is our response to it. */
export type Fault = { id: string; reason: string } & (
  | { action: 'patch'; patches: Patch[] }
  | { action: 'exclude'; operations: string[] }
  | { action: 'alias'; aliases: Record<string, string> }
)

/** The document after repair, operations not to be compared, official path → path in use, and stale entries. */
export type Repaired = { document: any; excluded: string[]; aliases: Record<string, string>; problems: string[] }

/** Repairs a copy of `document`. A fault that no longer fits the document is a problem, reported as a sentence, not an error. */
export function repair(document: any, faults: Fault[]): Repaired {
  const repaired: Repaired = { document: structuredClone(document), excluded: [], aliases: {}, problems: [] }
  const mend = (id: string, step: () => void) => {
    try {
      step()
    } catch (error) {
      repaired.problems.push(`known fault ${id}: ${(error as Error).message}`)
    }
  }
  for (const fault of faults) {
    if (fault.action === 'patch') for (const patch of fault.patches) mend(fault.id, () => applyPatch(repaired.document, patch))
    if (fault.action === 'exclude') for (const name of fault.operations) mend(fault.id, () => exclude(repaired, name))
    if (fault.action === 'alias') {
      for (const [path, used] of Object.entries(fault.aliases)) mend(fault.id, () => addAlias(repaired, path, used))
    }
  }
  return repaired
}

/** Applies one patch in place. Throws if its place does not exist, or if the value to be added does. */
export function applyPatch(document: any, patch: Patch): void {
  const source = patch.op === 'copy' || patch.op === 'move' ? locate(document, patch.from ?? '') : undefined
  if (source && !(source.key in source.parent)) throw new Error(`${patch.from} does not exist`)
  const value = source ? structuredClone(source.parent[source.key]) : patch.value
  if (source && patch.op === 'move') delete source.parent[source.key]

  const { parent, key } = locate(document, patch.path)
  const changesExisting = patch.op === 'replace' || patch.op === 'remove'
  if (changesExisting !== key in parent) throw new Error(`${patch.path} ${changesExisting ? 'does not exist' : 'exists already'}`)
  if (patch.op !== 'remove') parent[key] = value
  else if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
}

function locate(document: any, pointer: string): { parent: any; key: string } {
  const keys = pointer.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const parent = keys.slice(1, -1).reduce((node, key) => node?.[key], document)
  if (keys.length < 2 || keys[0] !== '' || typeof parent !== 'object' || parent === null)
    throw new Error(`${pointer} does not exist`)
  return { parent, key: keys.at(-1)! }
}

function exclude(repaired: Repaired, name: string): void {
  const [method = '', path = ''] = name.split(' ')
  if (!repaired.document.paths?.[path]?.[method.toLowerCase()]) throw new Error(`${name} is not in the document`)
  repaired.excluded.push(name)
}

function addAlias(repaired: Repaired, path: string, used: string): void {
  if (!repaired.document.paths?.[path]) throw new Error(`${path} is not in the document`)
  repaired.aliases[path] = used
}
