"""Tells what people asked the three NHS trusts: invented patients, invented wards."""

from __future__ import annotations

from sociable.config.example.stories import Answered, Closed, Noted, Story, Took, Wrote, h, m

STORIES = (
    # -- Waiting now -----------------------------------------------------------------------------------------------
    Story(
        "pals",
        "Maureen Tipping",
        "Lost glasses on ward 12",
        "My father came home on Tuesday without his glasses and his top teeth. They were in a blue case with his "
        "name on. He cannot read and will not eat. I have rung the ward and been told to email.\n\nMaureen Tipping",
        share=0.45,
        steps=(
            Noted(
                m(30),
                "Ward 12 have a box of lost things at the nurses' station, I am going up at lunch. @Jen",
                by="liam.feeney",
            ),
        ),
    ),
    Story(
        "pals",
        "Anthony Sellers",
        "Complaint about waiting in A&E",
        "I would like to complain about the nine hours my wife spent on a plastic chair with a broken wrist. The "
        "staff were kind but run off their feet. I am told I must write to you first.",
        share=0.8,
    ),
    Story(
        "outpatients",
        "Denise Waring",
        "Cannot make Thursday",
        "I have eye clinic on Thursday at 9:10 and my lift has let me down. Can it be moved to the week after? Any "
        "afternoon.\n\nD Waring",
        share=0.15,
    ),
    Story(
        "outpatients",
        "Graham Tasker",
        "Two letters, two times",
        "I have had two letters for the same clinic, one says 10:30 and one says 2:00. Which is it, or am I being "
        "seen twice?",
        share=0.58,
        channel="form",
    ),
    Story(
        "outpatients",
        "Nasreen Bibi",
        "Interpreter for my mother",
        "My mother has heart clinic on the 9th. She speaks Punjabi. The letter says to ask for an interpreter but "
        "there is no number on it.",
        share=1.1,
        steps=(Took(m(200), by="bethan.rees"),),
    ),
    Story(
        "clinics",
        "Ronald Eyre",
        "Foot clinic at home",
        "I am diabetic and was told somebody would come about my feet. That was in September. I cannot drive now.",
        share=0.5,
    ),
    Story(
        "clinics",
        "Mehwish Dar",
        "BSL interpreter for the physio",
        "I am Deaf and my physio is on Monday at 3. Please could you tell me if an interpreter is booked? Last "
        "time nobody came and we had to write notes. Email or text only please, I cannot use the phone.",
        share=0.75,
        steps=(Noted(m(40), "Booked with the agency, waiting for them to say who.", by="carys.hughes"),),
    ),
    Story(
        "families",
        "Beth Armitage",
        "Five weeks and never sleeps",
        "Hi, my little girl is five weeks and only sleeps on one of us. Is that all right? Is there a drop-in I "
        "can go to? I am so tired I put my phone in the fridge.",
        share=0.35,
    ),
    Story(
        "families",
        "Tomasz Wrona",
        "Red book lost",
        "We moved and the red book is lost. She has her one year jabs next week. Can we get another one?",
        share=0.9,
        channel="form",
    ),
    Story(
        "night-line",
        "Sam Ibbotson",
        "cannot sleep again",
        "Its the third night. Nothing terrible has happened I just lie there and go over everything. My sister "
        "said you answer. Do I just write what I am thinking?",
        share=0.55,
    ),
    Story(
        "moorland-talking",
        "Helen Marchbank",
        "How long is the wait",
        "My doctor sent a form to you in October. I know you are busy. I would only like to know roughly how long, "
        "so that I can plan around it.",
        ago=h(9),
    ),
    Story(
        "moorland-talking",
        "Jordan Peel",
        "Online course",
        "The link for week 3 of the worry course says it has expired. Could you send a new one please?",
        ago=h(3),
        channel="form",
    ),
    # -- Answered in the last days ---------------------------------------------------------------------------------
    Story(
        "pals",
        "Christine Ould",
        "Thank you to ward 7",
        "My husband died on ward 7 in the spring. I could not write before now. The night nurses let me stay and "
        "brought me tea and did not make me feel in the way. Please tell them.",
        ago=h(9),
        steps=(
            Answered(
                h(1.4),
                "Thank you for writing, Mrs Ould, it cannot have been easy. I have read it to the night sister "
                "myself and she has pinned it up where only the staff can see it. They remember you both.",
                by="grace.okonkwo",
            ),
            Closed(m(10), "Answered", by="grace.okonkwo"),
        ),
    ),
    Story(
        "pals",
        "Vincent Rook",
        "Parking charges when visiting every day",
        "My brother has been in for three weeks and I have paid £84. Is there a ticket for people who come every day?",
        ago=h(14),
        steps=(
            Answered(
                h(2.2),
                "There is, and I am sorry nobody said: after the third day a weekly ticket is £10. Bring your "
                "stubs to the PALS desk and we will give you back the difference.",
                by="jen",
            ),
            Wrote(h(1), "That is a relief. I will come in tomorrow at visiting."),
            Answered(m(25), "See you then. Ask for Halina.", by="jen"),
        ),
    ),
    Story(
        "pals",
        "Olive Sugden",
        "Copy of my notes",
        "How do I get a copy of my X-ray and what the doctor wrote?",
        ago=h(20),
        early=h(4),
        steps=(
            Answered(
                h(3),
                "You have a right to both and there is nothing to pay. I have sent you the form by post with a "
                "stamped envelope; it takes up to a month. If you would rather see the X-ray on a screen with "
                "somebody to explain it, I can arrange that too.",
                by="halina.nowak",
            ),
        ),
    ),
    Story(
        "outpatients",
        "Keith Barstow",
        "Which entrance",
        "Letter says “Outpatients B”. There are four doors. Which bus stop is nearest?",
        ago=h(6),
        steps=(
            Answered(
                m(33),
                "Door 3, under the green sign, and the number 16 stops right outside it. It is flat all the way.",
                by="ola.martins",
            ),
        ),
    ),
    Story(
        "outpatients",
        "Sheila Broadbent",
        "Hospital transport",
        "I need the ambulance car for the 21st, I am in a wheelchair. They said to book through you.",
        ago=h(13),
        steps=(
            Answered(
                h(2),
                "Booked for the 21st, wheelchair and one companion. They come between 8 and 9 and will ring when "
                "they are near.",
                by="stewart.mckie",
            ),
        ),
    ),
    Story(
        "outpatients",
        "Abigail Frost",
        "Cancel please, all better",
        "Please cancel my appointment on the 12th, the rash has gone. Give it to someone who needs it.",
        ago=h(18),
        steps=(
            Answered(
                h(5.2),
                "Cancelled, with thanks: somebody had it within the hour. If the rash comes back within three "
                "months ring us and you keep your place.",
                by="bethan.rees",
            ),
        ),
    ),
    Story(
        "clinics",
        "Winifred Todd",
        "New insoles",
        "The insoles have worn through. Do I go back to the doctor or straight to you?",
        ago=h(10),
        steps=(
            Answered(
                h(2.5),
                "Straight to us. I have sent a pair to your house, the same as last time. If they rub, write back "
                "and we will see you.",
                by="peter.lisle",
            ),
        ),
    ),
    Story(
        "clinics",
        "Dawit Tesfaye",
        "Dentist for my son",
        "No dentist near us takes new children. The school nurse said you can help. He is 6 and it hurts.",
        ago=h(16),
        steps=(
            Answered(
                m(70),
                "We can see him on Friday at ten at the Low Road clinic, and you can have a Tigrinya interpreter "
                "if you would like one. Until then, children's paracetamol as it says on the bottle; if his face "
                "swells or he has a fever, ring 111 at any hour.",
                by="kal",
            ),
            Wrote(h(1), "Friday is good. Yes interpreter please. Thank you thank you."),
            Answered(m(35), "Booked, and the interpreter too. See you both on Friday.", by="kal"),
        ),
    ),
    Story(
        "families",
        "Charlotte Rigg",
        "Weighing clinic",
        "Is the Tuesday weighing clinic still on at the children's centre? The door was locked today.",
        ago=h(8),
        steps=(
            Answered(
                m(58),
                "It moved to Wednesday last month and our poster did not. Sorry you had a wasted walk. Wednesday, "
                "half past nine to half past eleven.",
                by="amira.saleh",
            ),
        ),
    ),
    Story(
        "families",
        "Ryan Halliday",
        "Dads' group",
        "Is there anything for dads? Everything on your page has mums in the picture.",
        ago=h(15),
        steps=(
            Answered(
                h(4.6),
                "There is: Saturdays at ten, the boathouse in Roper Park, bacon sandwiches. And you are right "
                "about the pictures; I have told the people who choose them.",
                by="kirsty.dunn",
            ),
        ),
    ),
    Story(
        "night-line",
        "Morgan Teale",
        "is anyone there",
        "Just want to know if a real person reads this.",
        ago=h(15),
        steps=(
            Answered(
                m(12),
                "A real person does. My name is Idris, I am here until eight, and there is no wrong way to start. "
                "How is tonight?",
                by="idris.bowen",
            ),
            Wrote(m(9), "ok. Hi Idris. Not great. Better for asking."),
            Answered(
                m(11),
                "I am glad you asked. Shall we stay with what made it not great, or would you rather talk about "
                "something ordinary for a bit?",
                by="idris.bowen",
            ),
        ),
    ),
    Story(
        "night-line",
        "Lesley Fenn",
        "My daughter",
        "She is 17 and will not talk to me but she is up all night. I do not know what to do or who to ask at this "
        "time.",
        ago=h(26),
        steps=(
            Answered(
                m(41),
                "You have asked, which is a good thing to have done at half past three. She can write here herself "
                "from 16. For you: our family line opens at nine and I have asked Dana to ring you, if that is all "
                "right. If you fear she is in danger tonight, please ring 999.",
                by="dana.petrov",
            ),
        ),
    ),
    Story(
        "moorland-talking",
        "Adrian Cope",
        "Changing from phone to in person",
        "I have had two sessions by phone and I find it hard to say things to a phone. Can I come in instead?",
        ago=h(26),
        steps=(
            Answered(
                h(8),
                "Of course. Wednesdays at four at the Mill Street house, with the same person. I have moved your "
                "next one.",
                by="sunita.kapoor",
            ),
        ),
    ),
)
