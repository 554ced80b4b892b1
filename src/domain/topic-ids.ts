/** What names the topics of a shard for as long as they live; '' = not there, or the broker does not say. */
export interface TopicIds {
  readonly retry: string;
  readonly main: string;
}

export const UNKNOWN_TOPICS: TopicIds = { retry: '', main: '' };
