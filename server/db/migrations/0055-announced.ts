/** Whether people are to be told of an event. */
export const announced = `
alter table outbox add column announced boolean not null default true;
`
