/** Tokens with which a calendar program reads one query, as whoever made them. */
export const calendarTokens = `
-- Of the query whose calendar it opens; empty for API tokens.
alter table tokens add column query_id integer references queries (id) on delete cascade;
create unique index tokens_query on tokens (query_id, user_id, name);
`
