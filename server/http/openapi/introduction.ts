/** The introduction of the OpenAPI document: the basics of calling the API. */

const fence = '```'
const shell = (text: string) => `${fence}sh\n${text.trim()}\n${fence}`
const json = (text: string) => `${fence}json\n${text.trim()}\n${fence}`

/** The text, in markdown. */
export const introduction = `
Halyard is a project-management server. This is its API: HAL+JSON below \`/api/v3\`, compatible with OpenProject, so clients written for OpenProject work unchanged. Each response links to the next possible actions, and only to those that the caller may perform.

Requests can be sent from this page: it uses your session if you are signed in, or the token that you enter below *Authentication*.

In the examples, \`$HOST\` is the address of this server and \`$TOKEN\` an API token.

## Authentication

Users create API tokens at [\`/my/access_tokens\`](/my/access_tokens). Send a token in the header \`Authorization\`, as a bearer token or as the password of the user \`apikey\`:

${shell(`
curl -H "Authorization: Bearer $TOKEN" $HOST/api/v3/users/me
curl -u "apikey:$TOKEN" $HOST/api/v3/users/me
`)}

Tokens can expire, be read-only, or be limited to some projects; resources outside these are not found. Authorised applications use **OAuth 2.0**, with metadata at \`/.well-known/oauth-authorization-server\`:

${shell(`
curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials $HOST/oauth/token
`)}

In a browser the **session** cookie is enough for GET requests. Other methods also need the header \`X-Requested-With: XMLHttpRequest\`, which pages of other origins cannot send.

A request without credentials is anonymous. The server rejects it (401) where the instance requires login.

## Collections

A collection has the number of all elements (\`total\`), the number of elements on the page (\`count\`), and the elements in \`_embedded.elements\`. Page numbers start at 1 (\`offset\`), and a page has \`pageSize\` elements; \`_links\` lead to the next and the previous page. \`pageSize=0\` returns the total only, \`pageSize=-1\` the largest page that the instance allows.

**Filters** are a JSON array of names with an operator and values; elements have to match all of them. The parameter \`filters\` of a list documents its names and operators:

${shell(`
curl -G -u "apikey:$TOKEN" $HOST/api/v3/work_packages \\
  --data-urlencode 'filters=[{"assignee":{"operator":"=","values":["me"]}},{"dueDate":{"operator":"<t+","values":["7"]}}]' \\
  --data-urlencode 'sortBy=[["dueDate","asc"],["id","desc"]]' \\
  --data-urlencode 'pageSize=50'
`)}

| operator | means |
| --- | --- |
| \`=\` \`!\` | is one of, is none of |
| \`*\` \`!*\` | has a value, has none |
| \`~\` \`!~\` | contains, does not contain |
| \`**\` | found by words, wherever they stand |
| \`>=\` \`<=\` | at least, at most |
| \`o\` \`c\` | open, closed |
| \`t\` \`w\` | today, this week |
| \`t+\` \`<t+\` \`>t+\` | in exactly, in less, in more than so many days |
| \`t-\` \`>t-\` \`<t-\` | exactly, less, more than so many days ago |
| \`=d\` \`<>d\` | on a day, between two |

Lists of work packages show open ones unless filters say otherwise; \`filters=[]\` asks for all of them.

**Order** is \`sortBy\`: up to three pairs of a name and a direction. **Groups** are \`groupBy\`, with \`showSums=true\` for their sums. **\`select\`** returns only the named properties, which is also faster:

${shell(`
curl -G -u "apikey:$TOKEN" $HOST/api/v3/work_packages \\
  --data-urlencode 'select=total,elements/id,elements/subject,elements/status'
`)}

## Reading and writing

A resource has its values beside \`_type\`, and links to other resources in \`_links\`. A single resource embeds linked resources. A write sets a link by its address:

${shell(`
curl -u "apikey:$TOKEN" -H 'Content-Type: application/json' $HOST/api/v3/projects/1/work_packages \\
  -d '{"subject":"Raise the mast","_links":{"type":{"href":"/api/v3/types/1"}}}'
`)}

\`PATCH\` changes the properties that are sent and leaves the rest. Resources with a \`lockVersion\` need it sent back as it was read: after a concurrent change the response is 409, and no change is lost.

${shell(`
curl -u "apikey:$TOKEN" -H 'Content-Type: application/json' -X PATCH $HOST/api/v3/work_packages/1 \\
  -d '{"lockVersion":4,"percentageDone":40}'
`)}

Formattable texts are objects; a write reads \`raw\`: \`{"raw":"The mast is **up**."}\`. Dates are \`2026-03-02\`, times are in UTC, durations are in ISO 8601 (\`PT2H30M\`, \`P1D\` for 24 hours).

## Forms and schemas

Writable properties differ by resource, project, type and caller. A **schema** lists them: the \`type\` of each property, whether it is \`required\` and \`writable\`, and links to the allowed values.

A **form** does more. \`POST\` a payload to it, even an incomplete one: it responds with 200, the \`payload\` as it would be saved, its \`schema\` with the allowed values in full, and \`validationErrors\`. It saves nothing. A valid payload gets the link \`commit\`: send the payload there.

${shell(`
curl -u "apikey:$TOKEN" -H 'Content-Type: application/json' $HOST/api/v3/work_packages/form \\
  -d '{"_links":{"project":{"href":"/api/v3/projects/1"}}}'
`)}

## Errors

An error response is an object with an identifier for programs and a message for people:

${json(`
{
  "_type": "Error",
  "errorIdentifier": "urn:openproject-org:api:v3:errors:PropertyConstraintViolation",
  "message": "Subject can't be blank.",
  "_embedded": { "details": { "attribute": "subject" } }
}
`)}

Where there are several errors, the identifier ends in \`MultipleErrors\` and \`_embedded.errors\` lists them.

| status | means |
| --- | --- |
| 400 | the request, its parameters or its JSON could not be understood |
| 401 | credentials are missing or wrong |
| 403 | you may see the resource, but may not do this |
| 404 | the resource does not exist, or you may not see it: both look the same |
| 406, 415 | the header \`Content-Type\` is missing, or not supported |
| 409 | the resource has changed since you read it |
| 422 | the values are not valid; nothing was saved |
| 429 | too many attempts; \`Retry-After\` says how long to wait |
| 503, 507 | try again in some seconds; no space is left |
`.trim()
