Console.WriteLine("nines");
