/** Tokens for calendar programs, which read one query on behalf of the token's user. */
export const calendarTokens = `
-- Of the query whose calendar it opens; empty for API tokens.
alter table tokens add column query_id integer references queries (id) on delete cascade;
create unique index tokens_query on tokens (query_id, user_id, name);
`
