//! What a team has written down, and what it asks later: twenty verdicts, twenty notes, and to each a task that comes to
//! the same subject again, in the words of somebody who has not read the entry. The forms are the daemon's own: a verdict
//! has its task and what was found; a question is a task's title, what is asked, and when it is good enough. Several
//! entries are close to each other on purpose.

/// An entry, and the question whose best answer it is.
pub(crate) struct Pair {
    pub(crate) entry: Entry,
    pub(crate) question: [&'static str; 3],
}

pub(crate) enum Entry {
    /// The task's title, what was asked, and what was found.
    Verdict([&'static str; 3]),
    /// A note as somebody wrote it.
    Note(&'static str),
}

impl Entry {
    /// Its file.
    pub(crate) fn file(&self) -> String {
        match self {
            Self::Verdict([title, brief, found]) => {
                format!(
                    "## Task\n\n{title}\n\n{brief}\n\n## Rationale\n\n{found}\n\n## Defects\n\n(none)\n"
                )
            }
            Self::Note(text) => format!("{text}\n"),
        }
    }
}

const fn verdict(entry: [&'static str; 3], question: [&'static str; 3]) -> Pair {
    Pair {
        entry: Entry::Verdict(entry),
        question,
    }
}

const fn note(entry: &'static str, question: [&'static str; 3]) -> Pair {
    Pair {
        entry: Entry::Note(entry),
        question,
    }
}

pub(crate) const PAIRS: [Pair; 40] = [
    // Drafting.
    verdict(
        [
            "Chapter 2: Alexandria under the Ptolemies",
            "Describe the city's growth, its quarters and its people.",
            "The number of inhabitants is given twice, as 300,000 and as half a million, without a word on where either \
             figure is from.",
        ],
        [
            "The metropolis at the mouth of the Nile",
            "Portray how Alexander's foundation grew and who lived there in Hellenistic times.",
            "Estimates of its residents are consistent and sourced.",
        ],
    ),
    verdict(
        [
            "Introduction of the essay on free will",
            "Open the essay and tell the reader what will be argued.",
            "It announces five arguments and the body delivers four; the one from quantum physics is missing.",
        ],
        [
            "Preface on whether we choose our acts",
            "Begin the paper on freedom of the will with a preview of the reasoning.",
            "Every point that is promised is kept further down.",
        ],
    ),
    verdict(
        [
            "Marcus Aurelius on anger",
            "Write four pages with quotations from the Meditations.",
            "The second quotation is a paraphrase set in quotation marks; the emperor wrote no such line.",
        ],
        [
            "The philosopher emperor and rage",
            "A short piece on how the Stoic ruler dealt with fury, citing his notes to himself.",
            "What stands between inverted commas is verbatim.",
        ],
    ),
    verdict(
        [
            "News item on the new tram line",
            "Report the opening soberly, 300 words.",
            "The last paragraph slips into marketing: \"a ride you will never forget\".",
        ],
        [
            "Article about the extended streetcar network",
            "Inform readers of the local paper that the additional route is in service.",
            "Neutral throughout, not like an advertisement.",
        ],
    ),
    verdict(
        [
            "How vaccines work, for pupils of fourteen",
            "Explain immunity to a school class.",
            "Sentences of sixty words; young readers lose the thread, and antigen is never explained.",
        ],
        [
            "Inoculation explained to teenagers",
            "Make the body's defences understandable to kids at school.",
            "Short phrases; technical terms are introduced.",
        ],
    ),
    verdict(
        [
            "Press release: the museum's new wing",
            "Announce the opening to journalists.",
            "The embargo ends on 3 March according to the header and on 5 March according to the text.",
        ],
        [
            "Tell the media about the gallery's extension",
            "A statement for reporters on the added exhibition building.",
            "The time before which nothing may be published is the same everywhere.",
        ],
    ),
    verdict(
        [
            "Translation of the interview with the French minister",
            "Render it in English, closely.",
            "\"Sensible\" was left as \"sensible\"; it means sensitive. \"Actuellement\" became \"actually\".",
        ],
        [
            "Put the Paris politician's conversation into our language",
            "A faithful version of what was said in French.",
            "No false friends.",
        ],
    ),
    // Research.
    verdict(
        [
            "Literature review: sleep and memory",
            "Collect what has been published since 2015, with references.",
            "Three of the eleven references do not exist; their DOIs lead to other papers.",
        ],
        [
            "Overview of studies on how slumber affects recall",
            "Gather scientific articles of the last decade.",
            "Each citation has been looked up and is real.",
        ],
    ),
    verdict(
        [
            "Coffee and longevity",
            "Summarise the cohort studies.",
            "The studies found a correlation, and the summary says that coffee prolongs life.",
        ],
        [
            "Do people who drink espresso live to a greater age?",
            "Sum up the observational evidence on caffeine.",
            "Association is not presented as cause.",
        ],
    ),
    verdict(
        [
            "Size of the market for electric bicycles",
            "Primary sources, not older than two years.",
            "The main figure is from a vendor's blog of 2016.",
        ],
        [
            "How big is the e-bike business?",
            "Establish the industry's turnover.",
            "Recent numbers from official bodies, no manufacturers' claims.",
        ],
    ),
    verdict(
        [
            "Evaluate the survey among commuters",
            "Tables and a text of one page.",
            "The shares add up to 112 percent, as several answers were allowed, which no table says.",
        ],
        [
            "Analyse the questionnaire for people who travel to work",
            "Charts with a commentary.",
            "Where respondents could tick more than one box, this is stated.",
        ],
    ),
    verdict(
        [
            "Transcripts of the interviews with nurses",
            "Prepare them for the appendix.",
            "Two participants are named although they had been promised anonymity.",
        ],
        [
            "Conversations with hospital staff, edited for print",
            "Ready what the carers said for the annex.",
            "Nobody who spoke can be identified.",
        ],
    ),
    verdict(
        [
            "Energy prices since 1990",
            "Compare what households paid, by decade.",
            "Euros of 2010 stand beside euros of 2023 without a correction for inflation.",
        ],
        [
            "What electricity and gas cost families over three decades",
            "Put the bills of then and now side by side.",
            "Amounts are in constant money.",
        ],
    ),
    // Code.
    verdict(
        [
            "Parser for the bank's statements",
            "Read the CSV files and return the bookings.",
            "It panics on an empty file; there is a test for one line and none for no line.",
        ],
        [
            "Importer of account transactions",
            "Load what the bank delivers as comma-separated text.",
            "Copes with input in which there is nothing at all.",
        ],
    ),
    verdict(
        [
            "Client of the weather service",
            "Fetch the forecast over HTTP.",
            "The retry loop has neither a limit nor a pause; a dead server is asked a thousand times a second.",
        ],
        [
            "Get meteorological predictions from the provider's web API",
            "Call the remote endpoint each hour.",
            "Backs off and gives up when the other side does not respond.",
        ],
    ),
    verdict(
        [
            "Search form of the customer database",
            "Find customers by name.",
            "The SQL is put together from strings with the user's input in it.",
        ],
        [
            "Look up clients by surname",
            "A page that queries the relational tables for what somebody types.",
            "Safe against injection.",
        ],
    ),
    verdict(
        [
            "Test of the message queue",
            "Show that messages arrive in order.",
            "It sleeps for two seconds and fails on a slow machine; it should wait for the message itself.",
        ],
        [
            "Check of the broker's delivery sequence",
            "Prove that what is published first is received first.",
            "Not flaky: no fixed delays.",
        ],
    ),
    verdict(
        [
            "Daily report of the branch offices",
            "Sum up the sales of each day.",
            "Timestamps are read in the server's time zone, so that Sydney's day begins at the wrong hour.",
        ],
        [
            "Evening statistics of the shops overseas",
            "Aggregate each location's takings per calendar day.",
            "Local midnight is respected everywhere, in Australia too.",
        ],
    ),
    verdict(
        [
            "Login against the directory",
            "Check name and password by LDAP.",
            "When the connection is refused, the password is printed in the debug log.",
        ],
        [
            "Sign-in with the company account",
            "Authenticate users at the identity server.",
            "No credentials in diagnostic output.",
        ],
    ),
    verdict(
        [
            "Migration of the address table",
            "Move street and town to a table of their own.",
            "The columns are dropped before their data was copied.",
        ],
        [
            "Schema change: postal data gets its own relation",
            "Split the contacts so that places of residence are normalised.",
            "Nothing stored is lost on the way.",
        ],
    ),
    // Notes: facts.
    note(
        "The client writes its brand in lower case, \"northwind\", even at the beginning of a sentence.",
        [
            "Headline that opens with the customer's name",
            "A slogan that starts with how the company calls itself.",
            "No capital letter where they use none.",
        ],
    ),
    note(
        "The publisher wants footnotes, not endnotes, numbered anew in each chapter.",
        [
            "Annotate the third part of the book",
            "Add the references for the author's claims.",
            "They stand at the bottom of the page or at the back, as the publishing house likes it.",
        ],
    ),
    note(
        "The state archive in Vienna answers letters only; its catalogue cannot be searched on the internet.",
        [
            "Get Habsburg records from the Austrian repository",
            "Locate the documents and order copies.",
            "It is said whether they can be looked up online or only by mail.",
        ],
    ),
    note(
        "The statistics office revises its quarterly growth figures six weeks after the first estimate.",
        [
            "Commentary on this spring's GDP",
            "Explain how the economy did from April to June.",
            "It is clear that the first numbers are preliminary and will be corrected.",
        ],
    ),
    note(
        "The staging server is rebuilt every Sunday at four in the morning; jobs that run then are lost.",
        [
            "Run the load on the test environment all weekend",
            "Let it work from Saturday to Monday.",
            "It is not interrupted by the nightly reinstallation.",
        ],
    ),
    note(
        "Invoices are numbered by year and country, as in 2025-AT-0042; a number is never used twice.",
        [
            "Identifiers on the bills",
            "Create the documents by which customers abroad are asked for payment.",
            "Each has a unique designation by the usual scheme.",
        ],
    ),
    note(
        "The maps provider allows sixty requests a minute for each key, and answers 429 beyond that.",
        [
            "Geocode 5,000 addresses",
            "Obtain coordinates from the cartography API without being throttled.",
            "The quota of calls is kept.",
        ],
    ),
    note(
        "Our readers are nurses: medical terms need no explanation, legal terms do.",
        [
            "Piece for the magazine of the care staff",
            "Who is answerable for errors of medication?",
            "Clinical vocabulary is presumed, that of lawyers is not.",
        ],
    ),
    note(
        "The logo may stand on plain backgrounds only, never on photographs.",
        [
            "Place the company's emblem on the picture of the cover",
            "Design the front page with a photo of the harbour.",
            "Conforms to the corporate design.",
        ],
    ),
    note(
        "The finance department closes its books on the fifth working day; figures asked for earlier are provisional.",
        [
            "Monthly overview of revenue for the board",
            "Present the accounts of the month that just ended.",
            "Accounting has finalised the amounts.",
        ],
    ),
    note(
        "The old sensors report Fahrenheit, the ones installed since 2021 Celsius.",
        [
            "Plot the greenhouse's thermometers",
            "A chart of what all devices measured from 2018 on, in one unit of temperature.",
            "Degrees are converted where they have to be.",
        ],
    ),
    note(
        "The customer reads reports on a telephone: tables of more than three columns cannot be used there.",
        [
            "Lay the offers side by side for the client's smartphone",
            "An overview of conditions with many attributes.",
            "Legible on a small screen.",
        ],
    ),
    // Notes: techniques.
    note(
        "Reading a draft aloud finds more clumsy sentences than a third silent reading.",
        [
            "Polish the wording of the speech",
            "Find what sounds awkward in the manuscript, by voice.",
            "It flows.",
        ],
    ),
    note(
        "When two sources contradict each other, look for the one that both of them cite.",
        [
            "The chronicles disagree about the date",
            "Determine which of the conflicting references is right, by what they are based on.",
            "The common origin is named.",
        ],
    ),
    note(
        "To find which commit brought a bug in, bisect the history with a script that fails.",
        [
            "Which revision caused the regression?",
            "Go through the repository automatically until the change is found that broke it.",
            "The culprit is named.",
        ],
    ),
    note(
        "Write the failing test first, see it fail, and only then mend the code.",
        [
            "Repair the discount that is applied twice",
            "First a check that is red, then the correction.",
            "It has been seen to be red.",
        ],
    ),
    note(
        "Totals of large tables are best checked by computing them a second way, for instance by columns instead of rows.",
        [
            "Verify the sums in the big spreadsheet",
            "Examine them by an independent calculation.",
            "Both ways give the same.",
        ],
    ),
    note(
        "Start an outline from the conclusion, and ask of every section what it contributes to it.",
        [
            "Plan the sequence of the chapters backwards from the final message",
            "Structure the white paper.",
            "Every part serves what it ends with.",
        ],
    ),
    note(
        "Profile before optimising: last time the slow part was the JSON serialiser, which nobody had suspected.",
        [
            "Make the nightly batch faster",
            "Measure where the time goes before anything is tuned.",
            "No guessing about the bottleneck.",
        ],
    ),
    note(
        "Ask for the raw data of a chart before describing it: axes that do not begin at zero have misled us twice.",
        [
            "Put the graphs of the study into words",
            "Look at the underlying values, as scales that are cut off give a false impression.",
            "What is said corresponds to the numbers.",
        ],
    ),
];
