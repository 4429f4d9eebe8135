import { NOTHING } from '#kernel/access/rules.ts'
import type { Body, Context, Draft, Link, Resource } from '#kernel/declaration.ts'
import { combined, type Violation } from '#kernel/errors.ts'
import { hrefOf } from '#kernel/resource.ts'
import { revised, toErrors } from './payload.ts'
import type { Prepared } from './prepare.ts'
import { allows, payloadOf, ruleOf, schemaOf } from './schema.ts'

const unreadable: readonly Violation['identifier'][] = ['PropertyFormatError', 'ResourceTypeMismatch']
/**
 * The form of a write: payload, schema with allowed values, and validation errors.
 * @throws ApiError 422 for a malformed payload, which has no form
 */
export async function form(
  context: Context,
  resource: Resource,
  prepared: Prepared,
  address: string,
  commit: Link,
): Promise<Body> {
  const { facts, violations } = prepared
  const unread = violations.filter(({ identifier }) => unreadable.includes(identifier))
  if (unread.length > 0) throw combined(toErrors(resource, unread))
  const draft = withoutNothing(prepared.draft)
  const errors = Map.groupBy(toErrors(resource, violations), (error) => String(error.details?.attribute))
  const mayCommit = allows(resource, ruleOf(resource, draft), draft, context)
  return {
    _type: 'Form',
    _embedded: {
      payload: await payloadOf(resource, draft, facts, context),
      schema: await schemaOf(resource, draft, facts, context, { form: true }),
      validationErrors: Object.fromEntries([...errors].map(([attribute, list]) => [attribute, combined(list).body])),
    },
    _links: {
      self: { href: address, method: 'post' },
      validate: { href: address, method: 'post' },
      ...(violations.length === 0 && mayCommit && { commit }),
      ...resource.formLinks?.(draft, context),
    },
  }
}

/** A draft without its dangling links, so that nothing derives from them. */
const withoutNothing = (draft: Draft): Draft =>
  revised(
    draft,
    Object.fromEntries(
      Object.keys(draft.dangling ?? {})
        .filter((key) => draft.row[key] === NOTHING)
        .map((key) => [key, null]),
    ),
  )
/** The `commit` link of a form. */
export const commitLink = (resource: Resource, draft: Draft, collection: string): Link =>
  draft.before ? { href: hrefOf(resource, draft.before), method: 'patch' } : { href: collection, method: 'post' }
