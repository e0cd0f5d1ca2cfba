// What a first visitor finds: one tab per document, named after its operation. The server's tests validate the documents.
import createPost from './examples/create-post.graphql?raw';
import forYou from './examples/for-you.graphql?raw';
import homeFeed from './examples/home-feed.graphql?raw';
import liveHome from './examples/live-home.graphql?raw';
import newestThread from './examples/newest-thread.graphql?raw';
import signIn from './examples/sign-in.graphql?raw';

export const EXAMPLE_TABS = [signIn, homeFeed, forYou, newestThread, createPost, liveHome].map((query) => ({ query }));
