"""Tells what people asked the city council: invented residents, invented places."""

from __future__ import annotations

from sociable.config.example.stories import (
    Acknowledged,
    Answered,
    Closed,
    MovedAhead,
    NotARequest,
    Noted,
    PutOff,
    Returned,
    Story,
    Took,
    Wrote,
    h,
    m,
)

LONG_THREAD = "\n".join(
    line
    for number in range(1, 7)
    for line in (
        "",
        f"{'> ' * number}On the {number + 3}th Eric Fothergill wrote:",
        f"{'> ' * number}Good morning, I am still waiting to hear about the street light outside 14 Tenterfield Rise.",
        f"{'> ' * number}It has been out since the clocks changed and my wife will not walk past it after dark.",
        f"{'> ' * number}Kind regards, Eric Fothergill",
    )
)

STORIES = (
    # -- Waiting now -----------------------------------------------------------------------------------------------
    Story(
        "city-help",
        "Margaret Holroyd",
        "Who do I ask about a dead tree?",
        "Hello,\n\nThere is a big ash at the end of Cragside Avenue that has had no leaves for two years, and a "
        "branch came down on the pavement last night. I do not know if it is yours or the park's. Who do I "
        "ask?\n\nMargaret Holroyd",
        share=0.06,
    ),
    Story(
        "city-help",
        "Tariq Aslam",
        "Change of name on everything",
        "Hi, I got married in the summer and have changed my name. Do I have to tell each department or is there "
        "one place? I have council tax, a library card and a parking permit with you.\n\nThanks\nTariq",
        share=0.34,
        steps=(
            Noted(
                m(10),
                "Council tax and the library will both take a copy of the certificate. @Kal do you know about permits?",
                by="jen",
            ),
        ),
    ),
    Story(
        "city-help",
        "Joan Siddall",
        "Mum's care visits",
        "My mother is 91 and the carer who comes on your behalf has not been since yesterday morning. I have rung "
        "the number on the letter three times and it goes to a machine. She cannot get to the kitchen by herself. "
        "I am in Norwich and cannot get there before tonight.\n\nJoan Siddall",
        share=0.42,
        steps=(MovedAhead(m(6), "An older person alone without food or medicine since yesterday", by="hannah"),),
    ),
    Story(
        "city-help",
        "Luke Priestley",
        "Garden waste sticker",
        "I paid for the brown bin at the start of the month and the sticker has not come. Will they still empty it "
        "on Thursday?",
        share=0.78,
        channel="form",
    ),
    Story(
        "city-help",
        "Luke Priestley",
        "Re: brown bin",
        "I also filled in the form about this but thought I would try email too. It is the sticker for the brown "
        "bin. Sorry if you get this twice.\n\nLuke",
        share=0.61,
    ),
    Story(
        "city-help",
        "Beverley Tong",
        "Hiring the town hall",
        "Good afternoon, we are a brass band of 28 looking for a hall for a Saturday in December. Is the Albert "
        "Room free and what would it cost for a registered charity?\n\nBeverley Tong, Aireborough Brass",
        share=0.93,
        steps=(Took(m(100), by="paul"),),
    ),
    Story(
        "city-help",
        "Dominic Farr",
        "Noise from the building site on Canal Street",
        "They started with the piling at ten to seven again this morning. I was told eight was the earliest. This "
        "is the third time I have written. Somebody must be able to make them stop.\n\nD Farr",
        share=1.15,
    ),
    Story(
        "city-news",
        "Shanice Campbell",
        "Is the Christmas market on this Sunday?",
        "Saw your post about the market. It says Saturday but the poster at the station says Sunday as well. Which "
        "is right please? Coming on the train with two little ones.",
        share=0.27,
    ),
    Story(
        "libraries",
        "Gwen Applegarth",
        "Large print books",
        "Dear library, I can no longer come in since my hip. Does the home library service have large print crime? "
        "I have read all the ones in the van.\n\nMiss G Applegarth",
        share=0.18,
    ),
    Story(
        "libraries",
        "Bartosz Zielinski",
        "Study space before exams",
        "Hi, is Central open later in January like last year? The website only has the normal times. There are "
        "about ten of us from college who would come.",
        share=0.52,
        channel="form",
    ),
    Story(
        "libraries",
        "Phyllis Marsden",
        "Fine for a book I returned",
        "I have had an email about a fine of £4.20 for “The Long Walk Home”. I put it in the box at Westgate on "
        "the Monday, the one with the broken flap. I would like this looked at before I pay it, as it is the "
        "principle.",
        share=0.85,
        steps=(
            Noted(
                m(90),
                "The Westgate box was jammed that week, see the log. I would waive it. @Priya all right with you?",
                by="tom.barraclough",
            ),
        ),
    ),
    Story(
        "bins",
        "Karen Ogden",
        "Bins not emptied AGAIN",
        "Third week running for the whole of Pinder Street. Everybody's are out, all black bins, all full. The "
        "crew go past the end of the road and do not come down because of the parked cars. What are we meant to "
        "do, drive it to the tip?",
        share=0.66,
        steps=(
            Acknowledged(
                m(20),
                "I have this, Karen, and I am asking the depot what happened today. I will write again this afternoon.",
                by="aoife.brennan",
            ),
        ),
    ),
    Story(
        "bins",
        "Imran Sheikh",
        "Fly-tipping behind the old mill",
        "Somebody has left a sofa, two mattresses and about twenty bags behind the old mill on Weaver Lane. "
        "Picture attached. There are needles so please tell whoever comes.",
        share=0.97,
        picture="weaver-lane.png",
    ),
    Story(
        "bins",
        "Sandra Pell",
        "New baby, bigger bin?",
        "We are now six in the house and the bin is full by Wednesday. Can we have a larger one?",
        share=1.6,
    ),
    Story(
        "roads",
        "Geoffrey Lund",
        "Pothole on Station Approach",
        "There is a pothole on Station Approach just past the taxi rank that must be eight inches deep. I saw a "
        "cyclist come off this morning. He was all right but it will be worse when it is wet and you cannot see "
        "it.\n\nGeoffrey Lund",
        share=0.22,
        picture="station-approach.png",
    ),
    Story(
        "roads",
        "Chioma Eze",
        "Blue badge renewal",
        "My badge runs out at the end of the month and I applied six weeks ago. I have heard nothing. Can I still "
        "use the old one while I wait, or will I get a ticket?",
        share=0.71,
    ),
    Story(
        "roads",
        "Eric Fothergill",
        "Re: Re: Re: street light, Tenterfield Rise",
        "Good morning,\n\nI refer to my earlier emails below. The light is still out.\n\nKind regards,\nEric "
        "Fothergill\n" + LONG_THREAD,
        share=1.3,
    ),
    Story(
        "council-tax",
        "Nicola Brearley",
        "Single person discount",
        "My son has moved out to university so I am now on my own in the house. I think I should get 25% off? He "
        "will be back in the holidays, does that matter?\n\nNicola",
        share=0.3,
    ),
    Story(
        "council-tax",
        "Ahmed Warsame",
        "Cannot pay this month",
        "I have lost shifts and cannot pay the December instalment in full. I do not want to just miss it. Could I "
        "pay half now and half in January? I have never been behind before.",
        share=0.62,
        steps=(
            Acknowledged(
                m(30),
                "Thank you for telling us early, Mr Warsame. I am looking at what we can do and will write by "
                "tomorrow.",
                by="anil.desai",
            ),
            Noted(
                m(15),
                "Looks as if he may get council tax support. @Moira could you check before I answer?",
                by="anil.desai",
            ),
        ),
    ),
    Story(
        "council-tax",
        "Rosemary Dyce",
        "Band of our new house",
        "We moved to Foundry Walk in September. Next door is in band B and we are in C and the houses are the "
        "same. How do I ask for it to be looked at?",
        share=1.05,
    ),
    Story(
        "schools",
        "Leanne Bottomley",
        "Moving to the area in January",
        "Hi, we move to Aireborough in the new year. I have one in year 2 and one in year 5. How do I find out "
        "which schools near Highfield Road have places for both?",
        share=0.4,
    ),
    Story(
        "schools",
        "Parveen Malik",
        "Late application",
        "I have only just understood that the closing date for secondary school was the end of October. Nobody "
        "told us, we came in August. Is it too late for my daughter?",
        share=0.88,
        channel="form",
    ),
    Story(
        "city-help",
        "Vera Lumb",
        "Scattering ashes in Roper Park",
        "My husband fed the ducks in Roper Park every morning for thirty years. I would like to scatter some of "
        "his ashes there. Is that allowed, and do I need to ask anybody?\n\nVera Lumb",
        share=0.5,
        steps=(PutOff(m(15), by="mel"),),
    ),
    # -- Answered in the last days ---------------------------------------------------------------------------------
    Story(
        "city-help",
        "Oliver Nutter",
        "Registering a birth",
        "Hello! We had a little boy on Sunday. Do we both have to come to register him and do we bring him with us?",
        ago=h(4),
        steps=(
            Answered(
                m(25),
                "Congratulations to you both! If you are married either of you can come; if not, come together so "
                "that both names go on the certificate. Bring him only if you would like to. You can book a time "
                "on the website under “Register a birth”.",
                by="mel",
            ),
            Wrote(m(20), "Brilliant thank you. We will bring him, he likes an outing!"),
            NotARequest(m(15), "thanks", by="mel"),
        ),
    ),
    Story(
        "city-help",
        "Stanley Gill",
        "Bus pass lost",
        "I think I left my bus pass on the 42. What do I do. I am 79.",
        ago=h(6.5),
        steps=(
            Answered(
                m(55),
                "Do not worry, Mr Gill. Ring the bus company first, as they keep what is found for two weeks. If "
                "they have not got it, any community hub can print you a new pass while you wait: bring something "
                "with your name on. It is free the first time.",
                by="sam",
            ),
            Closed(h(1), "Answered", by="sam"),
        ),
    ),
    Story(
        "city-help",
        "Harriet Coombes",
        "Polling station",
        "My polling card has a place on it that was knocked down last year. Where do I go?",
        ago=h(9),
        steps=(
            Answered(
                m(35),
                "You are right, and thank you for spotting it. Your station is now the Methodist hall on Mill "
                "Lane; a new card is on its way to everybody on your road. You do not need the card to vote, but "
                "please bring photo ID.",
                by="kal",
            ),
        ),
    ),
    Story(
        "city-help",
        "Wesley Drake",
        "Taxi licence renewal",
        "My badge expires on the 30th. I have sent the medical. How long till I hear?",
        ago=h(14),
        early=h(2),
        steps=(
            Noted(m(40), "Licensing say ten working days at the moment.", by="paul"),
            Answered(
                m(30),
                "Licensing have your medical and are working on renewals from last Tuesday, so about ten working "
                "days. You can go on driving while it is being renewed as long as you applied before the 30th, "
                "which you did.",
                by="paul",
            ),
        ),
    ),
    Story(
        "city-help",
        "Mavis Entwistle",
        "Thank you",
        "I just wanted to say thank you to the young man who helped me with the forms at the hub on Friday. He had "
        "the patience of a saint and I was home in time for my programme.\n\nMavis Entwistle",
        ago=h(11),
        steps=(
            Answered(
                m(70),
                "Thank you, Mrs Entwistle, that is very kind. I have passed it on to Dean, who went quite pink.",
                by="jen",
            ),
            Closed(m(5), "Answered", by="jen"),
        ),
    ),
    Story(
        "city-help",
        "Curtis Boyle",
        "Rats",
        "We have got rats in the back yard, seen three. Renting from a private landlord who says it is nothing to "
        "do with him. Is it you?",
        ago=h(18),
        steps=(
            Answered(
                m(95),
                "It is worth doing quickly. Your landlord is responsible for the building, and we can treat the "
                "yard: it costs £48, or nothing if you get certain benefits. Shall I book a visit? If the landlord "
                "will not mend the holes, our housing team can make him.",
                by="hannah",
            ),
            Wrote(m(45), "Yes please book it. Weds or Thurs morning best. I am on universal credit."),
            Answered(
                m(20),
                "Booked: Thursday between nine and eleven, no charge. Keep the back gate unlocked if you can. I "
                "have told housing too.",
                by="hannah",
            ),
        ),
    ),
    Story(
        "city-help",
        "Yvonne Blades",
        "Complaint about being cut off",
        "I was cut off twice by your phone line today after waiting 40 minutes each time. I want to make a formal "
        "complaint. All I wanted was to change a direct debit.",
        ago=h(22),
        steps=(
            Answered(
                h(2.6),
                "I am sorry, that is a whole lunch hour gone. I have logged this as a complaint and you will have "
                "a reply from the contact centre manager within ten working days; the number is CC-2214. To change "
                "the direct debit without phoning: council tax on the website, “Pay”, or tell me here when you "
                "would like it to leave and I will do it.",
                by="jen",
            ),
        ),
    ),
    Story(
        "city-help",
        "Nathan Scholes",
        "Allotment",
        "How long is the waiting list for an allotment in the south of the city? And can two households share one?",
        ago=h(27),
        steps=(
            Answered(
                m(48),
                "About three years at Beckside and eighteen months at Low Fold. Two households can share: one name "
                "holds the plot and the other is written down as a helper, who may take it over later. I have put "
                "you both on for Low Fold.",
                by="sam",
            ),
        ),
    ),
    Story(
        "city-news",
        "Ellie Stott",
        "Swimming pool closed?",
        "Your page says the pool is shut for repairs but the app let me book lanes for tonight. Which is it?",
        ago=h(5),
        steps=(
            Answered(
                m(40),
                "It is shut, sorry: the app did not get the news. Your money goes back on your card by itself. "
                "Northgate is open tonight until ten.",
                by="kal",
            ),
        ),
    ),
    Story(
        "city-news",
        "Brian Tordoff",
        "Fireworks",
        "Lovely display on Saturday, best for years. Any chance of a quieter one for the dogs next year?",
        ago=h(13),
        steps=(
            Answered(
                h(1.7),
                "So glad you enjoyed it. The events team are looking at low-noise fireworks for next year; I have "
                "passed on a vote for the dogs.",
                by="mel",
            ),
        ),
    ),
    Story(
        "libraries",
        "Josie Hartley",
        "Reading group",
        "Is the Thursday reading group at Roundhill open to new people? I am a bit shy and have not read the book!",
        ago=h(7),
        steps=(
            Answered(
                m(80),
                "You would be very welcome, and half of them have not read it either. Thursday at six, upstairs, "
                "ask for Eilidh. There is cake.",
                by="eilidh.morton",
            ),
            Wrote(h(1), "Ha! Sold. See you then."),
            NotARequest(m(30), "thanks", by="eilidh.morton"),
        ),
    ),
    Story(
        "libraries",
        "Kenneth Wadsworth",
        "Family history",
        "Do you hold the Aireborough Mercury for 1911 to 1914? I am looking for a report of a fire at Holroyd's "
        "dye works in which my great-grandfather lost two fingers.",
        ago=h(16),
        early=h(3),
        steps=(
            Answered(
                h(3.5),
                "We do, on film, at Central. I had a quick look and there is a column about the fire on 4 March "
                "1912 which names a J Wadsworth, burler. I can send you a copy, or you can come and see the whole "
                "page; book the reader for a morning.",
                by="marcus.reid",
            ),
        ),
    ),
    Story(
        "libraries",
        "Amy Liddle",
        "Printing from my phone",
        "Can I print a return label from my phone at the Eastmoor library? My printer has given up.",
        ago=h(12),
        channel="form",
        steps=(
            Answered(
                m(35),
                "Yes: join the wifi, open the address on the poster by the printer, and it comes out for 15p. "
                "Staff will help if it sulks.",
                by="priya.nair",
            ),
        ),
    ),
    Story(
        "bins",
        "Dorothy Hainsworth",
        "Assisted collection",
        "I have had a fall and cannot wheel my bin to the road. I am 84 and live alone. A neighbour said you can "
        "fetch it from the house.",
        ago=h(5.5),
        steps=(
            Answered(
                m(50),
                "Your neighbour is right, Mrs Hainsworth. From next week the crew will fetch both bins from your "
                "side gate and put them back. There is nothing to pay and nothing to sign. Please leave the gate "
                "unlocked on Tuesdays. I hope you mend quickly.",
                by="aoife.brennan",
            ),
        ),
    ),
    Story(
        "bins",
        "Craig Mellor",
        "Bulky collection",
        "need a fridge freezer and a double mattress taken away. how much and when",
        ago=h(10),
        steps=(
            Answered(
                h(2.4),
                "Both together are £32. The next free day for Hawthorn Crescent is Friday week. Shall I book it, "
                "or would you rather take them to the recycling centre yourself for nothing?",
                by="jamal.carter",
            ),
            Wrote(h(1.5), "book it please"),
            Answered(
                m(30),
                "Booked. Out by seven on the Friday, fridge empty please. You will get a text the day before with "
                "the link to pay.",
                by="jamal.carter",
            ),
            Closed(h(1), "Answered", by="jamal.carter"),
        ),
    ),
    Story(
        "bins",
        "Fiona Garside",
        "Recycling: yoghurt pots",
        "Is it yes or no to yoghurt pots in the green bin? My husband and I have been arguing about this for a year.",
        ago=h(15),
        steps=(
            Answered(
                m(28),
                "Yes, since April, rinsed and without the foil lid. I would not presume to say which of you was right.",
                by="derek.umpleby",
            ),
        ),
    ),
    Story(
        "bins",
        "Peter Ingham",
        "Broken glass on the cycle path",
        "A lot of broken glass under the railway bridge on the canal cycle path, both sides. Had a puncture there "
        "this morning and saw two more people stopped.",
        ago=h(21),
        steps=(
            Answered(
                h(1.2),
                "Thank you. A sweeper went down at two o'clock and it should be clear; please tell me if they "
                "missed any.",
                by="aoife.brennan",
            ),
        ),
    ),
    Story(
        "roads",
        "Julie Ashworth",
        "Resident's permit, new car",
        "I have changed my car and need to change the permit. The website says “permit in use”. Picked the car up "
        "today so parked on the street with the old one's permit on paper in the window!",
        ago=h(8),
        steps=(
            Answered(
                m(65),
                "I have put the new registration on your permit, so you are covered from now. “In use” shows when "
                "the old car has not been taken off first, which we know is a nuisance.",
                by="rosie.tunnicliffe",
            ),
        ),
    ),
    Story(
        "roads",
        "Simon Redfearn",
        "Penalty notice in a bay that is not marked",
        "I was given a ticket in Bond Court. The lines are so worn there is nothing to see. I have photos. How do "
        "I appeal?",
        ago=h(13),
        steps=(
            Answered(
                h(4.1),
                "Please send the photos with the number on the notice under “Challenge a penalty notice” within 14 "
                "days; the price stays at the lower rate while it is looked at. I have asked for the lines to be "
                "checked.",
                by="gareth.pugh",
            ),
            Wrote(h(2), "Done, thanks. Reference AB-77120 in case you can see it."),
            Answered(
                m(50), "I can see it, with four photos. You will have a decision within three weeks.", by="gareth.pugh"
            ),
        ),
    ),
    Story(
        "roads",
        "Mohammed Iqbal",
        "Speeding outside the school",
        "Cars come down Otley Bank at 40 at home time. Is there a way to ask for the flashing sign to be moved "
        "here for a bit?",
        ago=h(20),
        steps=(
            Answered(
                h(1.8),
                "There is. The sign moves every month and Otley Bank goes on the list for January; your councillor "
                "can ask for a speed survey at the same time, which helps the case for something lasting.",
                by="lin.chau",
            ),
        ),
    ),
    Story(
        "council-tax",
        "Theresa Quinlan",
        "Moved out, still billed",
        "I left Alma Terrace on the 14th and you have billed me to the end of the month. Please put right.",
        ago=h(12),
        steps=(
            Acknowledged(m(25), "I have your message and will look at the account today.", by="wendy.pickersgill"),
            Answered(
                h(5),
                "Put right: your account ended on the 14th and £61.40 is on its way back to you. The bill crossed "
                "with your form.",
                by="wendy.pickersgill",
            ),
            Closed(m(20), "Answered", by="wendy.pickersgill"),
        ),
    ),
    Story(
        "council-tax",
        "Derek Hobson",
        "Probate",
        "My father died in October. I have the keys to his house which is empty. Do I have to pay the council tax "
        "on it while probate goes through?",
        ago=h(19),
        steps=(
            Answered(
                h(3),
                "I am sorry about your father, Mr Hobson. Nothing is due on an empty house until probate is "
                "granted, and for six months after that. Send me a copy of the certificate when you can; there is "
                "no hurry.",
                by="moira.keegan",
            ),
        ),
    ),
    Story(
        "schools",
        "Hayley Crabtree",
        "Twins",
        "If one twin gets the last place does the other get one too?",
        ago=h(11),
        steps=(
            Answered(
                h(4),
                "Yes. If the last place goes to one twin, we take the other as well, even if that makes thirty-one "
                "in the class.",
                by="colin.thwaite",
            ),
        ),
    ),
    Story(
        "schools",
        "Jerzy Kowal",
        "Appeal date",
        "When will we hear the date of the appeal? It has been three weeks and my son asks every day.",
        ago=h(24),
        steps=(
            Answered(
                h(17),
                "I am sorry for the wait. The panel sits on the second Tuesday of next month and your letter goes "
                "out on Friday. Tell your son it will be heard by three people who do not work for the council, "
                "and that he may write to them himself.",
                by="ruth.adeyemi",
            ),
        ),
    ),
    Story(
        "city-help",
        "Pauline Crossley",
        "Warm spaces",
        "Is the list of warm spaces out yet for this winter? Asking for the over-60s lunch club, about fourteen of us.",
        ago=h(30),
        channel="form",
        steps=(
            Answered(
                m(42),
                "It came out yesterday: nineteen places, and the one nearest your club is the Baptist hall, open "
                "ten to four with soup. I will post you paper copies of the list if you tell me where to.",
                by="paul",
            ),
        ),
    ),
    Story(
        "city-help",
        "Gillian Sykes",
        "Wrong address for the garden party",
        "The invitation you sent says 2 Park Row, is that the old town hall? My mother is to get her medal there.",
        ago=h(1.4),
        address="gillian.sykes@nowhere.example",
        steps=(
            Answered(m(30), "It is, by the side door with the ramp. Many congratulations to your mother.", by="hannah"),
            Returned(m(1)),
        ),
    ),
    # -- Machines, and what was kept aside -------------------------------------------------------------------------
    Story(
        "city-help",
        "Municipal Supplies Weekly",
        "This week: grit, salt and the case for brine",
        "Our pick of the week for busy depots.\n\nTo stop these emails, use the link below.",
        ago=h(3),
        address="news@municipal-supplies.example",
        headers={
            "List-Unsubscribe": "<https://municipal-supplies.example/stop>",
            "List-Id": "<weekly.municipal-supplies.example>",
            "Precedence": "bulk",
        },
        html="<h1>This week</h1><p>Our pick of the week for <b>busy depots</b>.</p>",
    ),
    Story(
        "bins",
        "Craig Mellor",
        "Out of office: Re: Bulky collection",
        "I am away until Monday and will read your message then.",
        ago=h(9),
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    ),
    Story(
        "city-help",
        "Best Rank Now",
        "Your website has 41 errors",
        "Hello dear, I was looking your website and found 41 errors which stop you from page one. Reply for free "
        "report!!!",
        ago=h(2),
        channel="form",
        suspected="It was sent two seconds after the page was opened",
    ),
)
