// Says in which order the images of a group stand, and what its first and its last ones are called.

const ENDS = {
  sure: ["least sure", "surest"],
  odd: ["oddest", "least odd"],
  alike: ["most alike", "least alike"],
  typical: ["most typical", "least typical"],
};
// Folders for images that belong together, or that nothing is wrong with. Others have no typical image.
const HAS_TYPICAL = ["category", "class", "stays"];

/**
 * Return {ranks, ends} as wall.js takes them. `distances` and `confidences`: a number for each image, or null where it
 * is not known; or empty. A group is named after its ends only if its order holds for all of its images.
 */
export function rankingOf({ groups, groupList }, { distances, confidences }) {
  const isSure = confidences?.some((confidence) => confidence !== null) ?? false;
  const known = isSure ? confidences : (distances ?? []);
  const isOdd = (group) => !isSure && groupList[group].kind === "outliers";
  const ranks = known.map((value, number) => (value !== null && isOdd(groups[number]) ? -value : value));
  const isWhole = groupList.map(() => true);
  groups.forEach((group, number) => {
    if ((known[number] ?? null) === null) isWhole[group] = false;
  });
  const endsOf = (group) => {
    if (isSure) return ENDS.sure;
    if (isOdd(group)) return ENDS.odd;
    if (groupList[group].kind === "match") return ENDS.alike;
    return HAS_TYPICAL.includes(groupList[group].kind) ? ENDS.typical : null;
  };
  return { ranks, ends: groupList.map((_, group) => (isWhole[group] ? endsOf(group) : null)) };
}
