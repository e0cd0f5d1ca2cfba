// The slice of Rookery's schema that the documents need.

export const typeDefs = /* GraphQL */ `
  scalar Cursor
  scalar DateTime

  enum FollowState { NONE REQUESTED FOLLOWING }
  enum ReplySort { OLDEST NEWEST }

  type PageInfo { hasNextPage: Boolean! endCursor: Cursor }

  type User {
    id: ID!
    handle: String!
    displayName: String!
    bio: String!
    createdAt: DateTime!
    postCount: Int!
    followerCount: Int!
    followingCount: Int!
    viewerFollow: FollowState!
    posts(first: Int! = 20): FeedConnection!
  }

  type Post {
    id: ID!
    body: String!
    createdAt: DateTime!
    author: User!
    likeCount: Int!
    replyCount: Int!
    repostCount: Int!
    viewerHasLiked: Boolean!
    replies(first: Int! = 20, sort: ReplySort! = OLDEST): PostConnection!
  }

  type FeedConnection { edges: [FeedEdge!]! pageInfo: PageInfo! }
  type FeedEdge { cursor: Cursor! node: Post! }
  type PostConnection { edges: [PostEdge!]! pageInfo: PageInfo! }
  type PostEdge { cursor: Cursor! node: Post! }

  type MutationError { code: String! message: String! }
  input CreatePostInput { body: String! }
  type CreatePostPayload { post: Post errors: [MutationError!]! }

  type Query {
    homeFeed(first: Int! = 20): FeedConnection!
    post(id: ID!): Post
    user(handle: String!): User
  }

  type Mutation {
    createPost(input: CreatePostInput!): CreatePostPayload!
  }
`;
