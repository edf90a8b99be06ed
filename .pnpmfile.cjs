const sorted = (record = {}) => Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)))

module.exports = {
  hooks: {
    /** pnpm writes the ranges in the order in which it has resolved them, which differs from one time to the next. */
    beforePacking: (manifest) => ({
      ...manifest,
      dependencies: sorted(manifest.dependencies),
      devDependencies: {},
      peerDependencies: sorted(manifest.peerDependencies)
    })
  }
}
