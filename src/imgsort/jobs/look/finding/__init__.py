"""Steps of `find`: what is looked for, the rows of the collection, and which images show the same shot."""
