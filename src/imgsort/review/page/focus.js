// Where the focus was, it comes back to: also when the element was drawn anew meanwhile.

/** Remember what has the focus. Return a function that gives it back, and says whether it could. */
export function rememberFocus() {
  const before = document.activeElement;
  return () => {
    const again = before?.isConnected ? before : sameAs(before);
    again?.focus({ preventScroll: true });
    return Boolean(again);
  };
}

/** The element that shows now what an element showed that is gone: the same image, or the menu of the same group. */
function sameAs(gone) {
  if (gone?.id) return document.getElementById(gone.id);
  const number = gone?.dataset?.number;
  return number === undefined ? null : document.querySelector(`.tile[data-number="${number}"]`);
}
