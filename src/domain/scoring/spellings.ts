/**
 * Words with several spellings → the one that is compared: American, as the models write. A table and not rules, since
 * a rule for "-ise" would turn "promise" into "promize".
 */

/** British → American, and variants of one word. */
const PAIRS = `
  colour/color colours/colors coloured/colored colouring/coloring colourful/colorful favour/favor favours/favors
  favoured/favored favourite/favorite favourites/favorites honour/honor honours/honors honoured/honored
  honourable/honorable labour/labor labours/labors neighbour/neighbor neighbours/neighbors neighbourhood/neighborhood
  behaviour/behavior behaviours/behaviors flavour/flavor flavours/flavors harbour/harbor harbours/harbors humour/humor
  rumour/rumor rumours/rumors odour/odor vapour/vapor vigour/vigor armour/armor endeavour/endeavor endeavours/endeavors
  savour/savor splendour/splendor parlour/parlor centre/center centres/centers centred/centered theatre/theater
  theatres/theaters metre/meter metres/meters kilometre/kilometer kilometres/kilometers centimetre/centimeter
  centimetres/centimeters millimetre/millimeter millimetres/millimeters litre/liter litres/liters fibre/fiber
  fibres/fibers sombre/somber spectre/specter lustre/luster meagre/meager organise/organize organised/organized
  organising/organizing organisation/organization organisations/organizations realise/realize realised/realized
  realising/realizing recognise/recognize recognised/recognized recognising/recognizing apologise/apologize
  apologised/apologized criticise/criticize criticised/criticized memorise/memorize memorised/memorized
  minimise/minimize maximise/maximize optimise/optimize emphasise/emphasize summarise/summarize authorise/authorize
  authorised/authorized civilisation/civilization civilised/civilized customise/customize prioritise/prioritize
  specialise/specialize specialised/specialized utilise/utilize utilised/utilized analyse/analyze analysed/analyzed
  analysing/analyzing paralysed/paralyzed dialled/dialed dialling/dialing travelled/traveled travelling/traveling
  traveller/traveler travellers/travelers cancelled/canceled cancelling/canceling counselled/counseled
  counsellor/counselor labelled/labeled labelling/labeling modelled/modeled modelling/modeling quarrelled/quarreled
  signalled/signaled signalling/signaling levelled/leveled marvellous/marvelous jewellery/jewelry woollen/woolen
  fulfil/fulfill fulfils/fulfills enrol/enroll skilful/skillful wilful/willful defence/defense offence/offense
  licence/license licences/licenses pretence/pretense practise/practice practised/practiced practising/practicing
  catalogue/catalog catalogues/catalogs dialogue/dialog dialogues/dialogs programme/program programmes/programs
  cheque/check cheques/checks grey/gray tyre/tire tyres/tires kerb/curb plough/plow mould/mold moustache/mustache
  pyjamas/pajamas sceptical/skeptical draught/draft aeroplane/airplane aluminium/aluminum storey/story
  judgement/judgment acknowledgement/acknowledgment ageing/aging learnt/learned burnt/burned dreamt/dreamed
  spelt/spelled spoilt/spoiled whilst/while amongst/among towards/toward afterwards/afterward theatregoer/theatergoer
  ok/okay alright/allright hallo/hello hullo/hello goodby/goodbye grandad/granddad
`

/** Short forms → the words that are said. */
const SHORT_FORMS: Readonly<Record<string, string>> = {
  mr: 'mister', mrs: 'missus', ms: 'miss', dr: 'doctor', prof: 'professor', jr: 'junior', sr: 'senior',
  vs: 'versus', etc: 'et cetera', etcetera: 'et cetera', gonna: 'going to', wanna: 'want to', gotta: 'got to',
}

export const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ...PAIRS.trim().split(/\s+/).map((pair) => pair.split('/') as [string, string]),
  ...Object.entries(SHORT_FORMS),
])

/**
 * Words that spelled letters would look like if they were joined: "U S", "I T", "W H O". "am" is not one of them, since
 * "5 AM" and "5 a.m." are the same.
 */
export const SPELLED_LIKE_WORDS: ReadonlySet<string> = new Set(`
  as at be by do go he if in is it me my no of on or so to up us we act age aid air all and any are arm art ask ate
  bad bag bar bat bed bee bet big bit bow box boy bus but buy can cap car cat cop cow cry cup cut day did die dig dog
  dot due ear eat egg end eye far fat few fig fit fix fly for fox fun gas get god got gun guy had has hat her hey him
  his hit hot how ice ill jam job joy key kid kit law lay led leg let lie lip log lot low mad man map may men met mix
  mom mud net new nor not now nut odd off oil old one our out own pan pay pen pet pie pig pin pit pop pot put ran rat
  raw red rid row run sad sat saw say sea see set sex she sir sit six sky son sun tax tea ten the tie tip toe too top
  toy try two use van war was way web wet who why win yes yet you zoo aids care ears here hers home into once safe
  them then they this what when with your
`.trim().split(/\s+/))
