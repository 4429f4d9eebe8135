/** What somebody has to know before they call the API: the text at the beginning of its description. */

const fence = '```'
const shell = (text: string) => `${fence}sh\n${text.trim()}\n${fence}`
const json = (text: string) => `${fence}json\n${text.trim()}\n${fence}`

/** The text, in markdown. */
export const introduction = `
Halyard is a project-management server. This is its API: HAL+JSON below \`/api/v3\`, as OpenProject speaks it, so clients written for OpenProject can be used as they are. Each answer links to whatever can be done next, and only to what its caller may do.

Requests can be sent from this page: it uses your session if you are signed in, or the token that you give below *Authentication*.

In the examples, \`$HOST\` is the address of this server and \`$TOKEN\` an API token.

## Authentication

People make API tokens at [\`/my/access_tokens\`](/my/access_tokens). A token goes into the header \`Authorization\`, by itself or as the password of the user \`apikey\`:

${shell(`
curl -H "Authorization: Bearer $TOKEN" $HOST/api/v3/users/me
curl -u "apikey:$TOKEN" $HOST/api/v3/users/me
`)}

Tokens can expire, only read, or stay within some projects; what lies outside is as if it were not there. Applications that people let in use **OAuth 2.0**, with everything to be found at \`/.well-known/oauth-authorization-server\`:

${shell(`
curl -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials $HOST/oauth/token
`)}

In a browser the cookie of the **session** is enough for reading. Everything else needs the header \`X-Requested-With: XMLHttpRequest\` as well, which pages of other origins cannot send.

Without credentials a request is anonymous, and is refused (401) where the instance requires a login.

## Collections

A list tells how many elements there are (\`total\`), how many of them are here (\`count\`), and holds them in \`_embedded.elements\`. Pages are counted from 1 (\`offset\`) and have \`pageSize\` elements; \`_links\` lead to the next and the previous page. \`pageSize=0\` asks for the total only, \`pageSize=-1\` for as many as are given at once.

**Filters** are a JSON array of names with an operator and values, all of which have to hold. Which names a list has, with their operators, is told by its parameter \`filters\`:

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

**Order** is \`sortBy\`: up to three pairs of a name and a direction. **Groups** are \`groupBy\`, with \`showSums=true\` for what they come to. **\`select\`** answers only what is named, which is faster as well:

${shell(`
curl -G -u "apikey:$TOKEN" $HOST/api/v3/work_packages \\
  --data-urlencode 'select=total,elements/id,elements/subject,elements/status'
`)}

## Reading and writing

A resource has its values beside \`_type\`, and other resources in \`_links\`. What is linked to is embedded where a resource is answered by itself. A link is written by its address:

${shell(`
curl -u "apikey:$TOKEN" -H 'Content-Type: application/json' $HOST/api/v3/projects/1/work_packages \\
  -d '{"subject":"Raise the mast","_links":{"type":{"href":"/api/v3/types/1"}}}'
`)}

\`PATCH\` changes what is sent and leaves the rest. Resources that have a \`lockVersion\` want it sent back as it was read: if somebody was faster the answer is 409, and nothing is lost.

${shell(`
curl -u "apikey:$TOKEN" -H 'Content-Type: application/json' -X PATCH $HOST/api/v3/work_packages/1 \\
  -d '{"lockVersion":4,"percentageDone":40}'
`)}

Texts are objects of which \`raw\` is read: \`{"raw":"The mast is **up**."}\`. Dates are \`2026-03-02\`, times are in UTC, durations are as ISO 8601 has them (\`PT2H30M\`, \`P1D\` for 24 hours).

## Forms and schemas

What can be written differs by resource, project, type and caller. A **schema** tells it: of each property its \`type\`, whether it is \`required\` and \`writable\`, and where the allowed values are.

A **form** does more. \`POST\` to it what you would like to save, as much as you know: it answers 200 with the \`payload\` as it would be saved, the \`schema\` for it with the allowed values in full, and \`validationErrors\`. Nothing is saved. As soon as nothing is wrong the link \`commit\` is there: send it the payload.

${shell(`
curl -u "apikey:$TOKEN" -H 'Content-Type: application/json' $HOST/api/v3/work_packages/form \\
  -d '{"_links":{"project":{"href":"/api/v3/projects/1"}}}'
`)}

## Errors

Whatever is refused is answered by an object with an identifier for programs and a sentence for people:

${json(`
{
  "_type": "Error",
  "errorIdentifier": "urn:openproject-org:api:v3:errors:PropertyConstraintViolation",
  "message": "Subject can't be blank.",
  "_embedded": { "details": { "attribute": "subject" } }
}
`)}

Where several things are wrong, the identifier ends in \`MultipleErrors\` and each of them is in \`_embedded.errors\`.

| status | means |
| --- | --- |
| 400 | the request, its parameters or its JSON could not be understood |
| 401 | who you are is not known, or your credentials are wrong |
| 403 | you see it, but may not do that |
| 404 | it is not there, or you may not see it: the two are not told apart |
| 406, 415 | the header \`Content-Type\` is missing, or of another type |
| 409 | somebody has changed it since you read it |
| 422 | the values are not valid; nothing was saved |
| 429 | too many attempts; \`Retry-After\` says how long to wait |
| 503, 507 | try again in some seconds; there is no space left |
`.trim()
