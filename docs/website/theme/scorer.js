// What the search puts first: pages by their titles, then their text, and functions and classes of that name after those.
// "var", since Sphinx declares the same name where there is none.
var Scorer = {
  objNameMatch: 4,
  objPartialMatch: 1,
  objPrio: { 0: 5, 1: 2, 2: -5 },
  objPrioDefault: 0,
  title: 16,
  partialTitle: 8,
  term: 5,
  partialTerm: 2,
};
